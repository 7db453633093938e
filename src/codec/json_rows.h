// Rows in JSON: a request's body or a message's value into a RowReader.
//
//   if (auto read = ReadJsonRow(json, body, reader); !read) ...   // 400: not JSON, or not an object
//   reader.batch().rows() is 1, or reader.refusals() says what is wrong with the row
//
// A Status error is about the document; what is wrong with a row is a Refusal. After an error of
// ReadJsonRows the reader may hold rows that were read before it was noticed: Clear() it.
// `body` must live as long as the batch, and the tokenizer must not be used again before the batch is
// cleared: the batch's texts are views into both. Nothing is allocated per row.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/result.h"
#include "bytes/json.h"
#include "contract/row_reader.h"

namespace turnout {

// One object; it becomes the row at position 0, with `body` as its source.
Status ReadJsonRow(JsonTokenizer& json, std::string_view body, RowReader& reader);

// An array of objects: positions count from 0, sources are the elements' bytes. An element that is not an
// object is refused (type "dict_type") and the rest is read. More than `limit` elements: an error.
Status ReadJsonRows(JsonTokenizer& json, std::string_view body, std::size_t limit, RowReader& reader);

// The tokens of one object, for protocols that carry rows inside a larger document. False: refused.
bool ReadJsonObject(std::span<const JsonToken> tokens, std::size_t position, std::string_view source,
                    RowReader& reader);

}  // namespace turnout
