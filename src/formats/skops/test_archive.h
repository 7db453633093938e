// A zip archive of stored members, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace turnout {

struct TestMember {
  std::string name, contents;
};

inline std::vector<uint8_t> TestArchive(const std::vector<TestMember>& members) {
  std::string out, directory;
  const auto put = [](std::string& to, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) to.push_back(i < 8 ? static_cast<char>(value >> (8 * i)) : '\0');
  };
  uint32_t table[256];
  for (uint32_t i = 0; i < 256; ++i) {
    table[i] = i;
    for (int bit = 0; bit < 8; ++bit) table[i] = (table[i] >> 1) ^ ((table[i] & 1) * 0xedb88320u);
  }
  for (const TestMember& member : members) {
    uint32_t sum = 0xffffffff;
    for (const char c : member.contents) sum = table[(sum ^ static_cast<uint8_t>(c)) & 0xff] ^ (sum >> 8);
    std::string both;  // what the member's header and the directory's entry share
    put(both, 20, 2);
    put(both, 0, 8);  // flags, method, time, date
    put(both, ~sum, 4);
    put(both, member.contents.size(), 4);
    put(both, member.contents.size(), 4);
    put(both, member.name.size(), 2);
    put(both, 0, 2);
    put(directory, 0x02014b50, 4);
    put(directory, 20, 2);
    directory += both;
    put(directory, 0, 10);
    put(directory, out.size(), 4);
    directory += member.name;
    put(out, 0x04034b50, 4);
    out += both + member.name + member.contents;
  }
  const std::size_t start = out.size();
  out += directory;
  put(out, 0x06054b50, 4);
  put(out, 0, 4);
  put(out, members.size(), 2);
  put(out, members.size(), 2);
  put(out, directory.size(), 4);
  put(out, start, 4);
  put(out, 0, 2);
  return {out.begin(), out.end()};
}

}  // namespace turnout
