// The docs page: docs.html, part of the program, with a policy that lets the page run its own script, use
// its own style and talk to this server, and nothing else.
#pragma once

#include <string>
#include <string_view>

namespace turnout {

std::string_view DocsPage();

// The value of Content-Security-Policy: the SHA-256 of each inline <script> and <style> of the page.
std::string ContentSecurityPolicy(std::string_view page);

}  // namespace turnout
