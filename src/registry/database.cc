#include "registry/database.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "storage/file.h"

namespace turnout {
namespace {

// A text of the registry has a few kilobytes at most; a damaged length must not ask for memory.
constexpr int kLongestValue = 1 << 20;

std::unexpected<Error> SqliteError(const std::string& path, int code, std::string_view detail) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT:
    case SQLITE_ERROR:  // our statements are right, so the tables are not
      return Fail(Code::kCorrupt, fmt::format("{}: damaged: {}; restore it from a backup", path, detail));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Fail(Code::kUnavailable,
                  fmt::format("{}: another process is writing to it; try again when it is done", path));
    case SQLITE_CANTOPEN: return Fail(Code::kNotFound, fmt::format("{}: cannot open: {}", path, detail));
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return Fail(Code::kInvalidArgument, fmt::format("{}: cannot write: {}", path, detail));
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM: return Fail(Code::kUnavailable, fmt::format("{}: {}", path, detail));
    default: return Fail(Code::kInternal, fmt::format("{}: {} (SQLite {})", path, detail, code));
  }
}

std::unexpected<Error> LastError(const std::string& path, sqlite3* database, int code) {
  return SqliteError(path, code, database == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database));
}

}  // namespace

void SqliteClose::operator()(sqlite3* database) const { sqlite3_close_v2(database); }
void SqliteClose::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement& Statement::Bind(int parameter, std::string_view text) {
  // SQLITE_TRANSIENT as a value: its macro is an old-style cast.
  const auto copy = reinterpret_cast<sqlite3_destructor_type>(static_cast<intptr_t>(-1));
  const char* bytes = text.data() == nullptr ? "" : text.data();
  const int code = sqlite3_bind_text(statement_.get(), parameter, bytes, static_cast<int>(text.size()), copy);
  if (code != SQLITE_OK) failed_ = code;
  return *this;
}

Statement& Statement::Bind(int parameter, int64_t number) {
  if (const int code = sqlite3_bind_int64(statement_.get(), parameter, number); code != SQLITE_OK)
    failed_ = code;
  return *this;
}

Statement& Statement::Bind(int parameter, double number) {
  if (const int code = sqlite3_bind_double(statement_.get(), parameter, number); code != SQLITE_OK)
    failed_ = code;
  return *this;
}

Result<bool> Statement::Step() {
  const int code = failed_ != SQLITE_OK ? failed_ : sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return LastError(path_, sqlite3_db_handle(statement_.get()), code);
}

std::string Statement::Text(int column) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_TEXT) return {};
  const unsigned char* text = sqlite3_column_text(statement_.get(), column);
  if (text == nullptr) return {};
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return {reinterpret_cast<const char*>(text), size};
}

int64_t Statement::Integer(int column) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_INTEGER) return 0;
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::Real(int column) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_FLOAT) return 0;
  return sqlite3_column_double(statement_.get(), column);
}

Result<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* made = nullptr;
  const int code =
      sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()), &made, nullptr);
  std::unique_ptr<sqlite3_stmt, SqliteClose> statement(made);
  if (code != SQLITE_OK) return LastError(*path_, database_.get(), code);
  return Statement(std::move(statement), *path_);
}

Status Database::Run(std::string_view sql) {
  TURNOUT_ASSIGN(Statement statement, Prepare(sql));
  for (bool more = true; more;) {
    TURNOUT_ASSIGN(more, statement.Step());
  }
  return {};
}

Result<Database::Transaction> Database::Write() {
  TURNOUT_TRY(Run("BEGIN IMMEDIATE"));
  return Transaction(this);
}

Result<Database::Transaction> Database::Read() {
  TURNOUT_TRY(Run("BEGIN"));
  return Transaction(this);
}

Status Database::Transaction::Commit() {
  assert(database_ != nullptr);
  TURNOUT_TRY(database_->Run("COMMIT"));
  database_ = nullptr;
  return {};
}

Database::Transaction::~Transaction() {
  // SQLite has rolled back by itself after some errors.
  if (database_ != nullptr && sqlite3_get_autocommit(database_->database_.get()) == 0) {
    static_cast<void>(database_->Run("ROLLBACK"));
  }
}

// The file's tables are exactly those expected.
Status Database::CheckSchema(const Schema& schema) {
  const auto pragma = [&](const char* name) -> Result<int64_t> {
    TURNOUT_ASSIGN(Statement statement, Prepare(fmt::format("PRAGMA {}", name)));
    TURNOUT_ASSIGN(const bool row, statement.Step());
    return row ? statement.Integer(0) : 0;
  };
  TURNOUT_ASSIGN(const int64_t application, pragma("application_id"));
  TURNOUT_ASSIGN(const int64_t version, pragma("user_version"));
  if (application != schema.application) {
    return Fail(Code::kCorrupt, fmt::format("{}: not a registry's database, or damaged (application_id {}); "
                                            "name the folder of a registry, or restore it from a backup",
                                            *path_, application));
  }
  if (version != schema.version) {
    return Fail(
        Code::kUnsupported,
        fmt::format("{}: its schema has version {}, this program reads {}; use the program that wrote "
                    "it, or a newer one",
                    *path_, version, schema.version));
  }
  TURNOUT_ASSIGN(Statement statement, Prepare("SELECT sql FROM sqlite_schema ORDER BY rowid"));
  std::vector<std::string> found;
  for (;;) {
    TURNOUT_ASSIGN(const bool row, statement.Step());
    if (!row) break;
    found.push_back(statement.Text(0));
  }
  if (!std::equal(found.begin(), found.end(), schema.tables.begin(), schema.tables.end())) {
    return Fail(Code::kCorrupt, fmt::format("{}: damaged: its tables are not those of a registry; restore it "
                                            "from a backup",
                                            *path_));
  }
  return {};
}

Result<Database> Database::Connect(const std::string& path, bool create, double wait_seconds) {
  Database opened;
  opened.path_ = std::make_unique<std::string>(path);
  sqlite3* handle = nullptr;
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | (create ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  opened.database_.reset(handle);
  if (code != SQLITE_OK) return LastError(path, handle, code);

  sqlite3_busy_timeout(handle, static_cast<int>(wait_seconds * 1e3));
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, kLongestValue);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  TURNOUT_TRY(opened.Run("PRAGMA cell_size_check = ON"));
  TURNOUT_TRY(opened.Run("PRAGMA synchronous = FULL"));

  return opened;
}

Result<Database> Database::Open(const std::string& path, const Schema& schema, double wait_seconds) {
  TURNOUT_ASSIGN(Database opened, Connect(path, false, wait_seconds));
  TURNOUT_TRY(opened.CheckSchema(schema));
  return opened;
}

Status Database::Create(const std::string& path, const Schema& schema) {
  const std::string beside = fmt::format("{}{}{}", path, kUnfinished, getpid());
  unlink(beside.c_str());  // of a process that had our number and was killed
  {
    TURNOUT_ASSIGN(Database made, Connect(beside, true, 0));
    TURNOUT_TRY(made.Run("PRAGMA journal_mode = WAL"));
    TURNOUT_ASSIGN(Transaction transaction, made.Write());
    TURNOUT_TRY(made.Run(fmt::format("PRAGMA application_id = {}", schema.application)));
    TURNOUT_TRY(made.Run(fmt::format("PRAGMA user_version = {}", schema.version)));
    for (const std::string_view table : schema.tables) TURNOUT_TRY(made.Run(table));
    TURNOUT_TRY(transaction.Commit());
  }  // closed: all of it is in the one file
  const int linked = link(beside.c_str(), path.c_str()) == 0 ? 0 : errno;
  unlink(beside.c_str());
  if (linked != 0 && linked != EEXIST) {
    return Fail(Code::kInvalidArgument, fmt::format("{}: cannot create: {}", path, std::strerror(linked)));
  }
  return SyncFolder(std::filesystem::path(path).parent_path().string());
}

}  // namespace turnout
