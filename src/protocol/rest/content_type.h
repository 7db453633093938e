// Whether a request's body is JSON that we can read, by its headers.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "net/http_request.h"

namespace turnout {

// application/json and application/*+json, in UTF-8, without a content coding; none, or an empty one, is
// taken for JSON. False: `body` is the JSON of a 415 that says what was found.
bool AcceptContent(std::span<const HttpField> fields, std::string& body);

// Of the media type alone.
bool IsJsonType(std::string_view content_type);

}  // namespace turnout
