# turnout_room(NAME [LIBRARIES lib...]): the target of the folder that calls it.
#
# Sources are every *.cc below the folder; *_test.cc becomes the program NAME_test, run by ctest from the
# root of the repository. The rooms that it links are those of its line in src/ARROWS. LIBRARIES are
# third-party and stay private to the room.
file(STRINGS ${CMAKE_SOURCE_DIR}/src/ARROWS TURNOUT_ARROWS REGEX "^[a-z]")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/ARROWS)

# The rooms that a room includes, as targets: its line in src/ARROWS.
function(turnout_rooms NAME OUT)
  foreach(LINE ${TURNOUT_ARROWS})
    if(LINE MATCHES "^${NAME}:(.*)$")
      separate_arguments(ROOMS UNIX_COMMAND "${CMAKE_MATCH_1}")
    endif()
  endforeach()
  list(TRANSFORM ROOMS PREPEND turnout_)
  set(${OUT} ${ROOMS} PARENT_SCOPE)
endfunction()

function(turnout_room NAME)
  cmake_parse_arguments(ROOM "" "" "LIBRARIES" ${ARGN})
  file(GLOB_RECURSE SOURCES CONFIGURE_DEPENDS *.cc)
  set(TESTS ${SOURCES})
  list(FILTER SOURCES EXCLUDE REGEX "_test\\.cc$")
  list(FILTER SOURCES EXCLUDE REGEX "/main\\.cc$")
  list(FILTER TESTS INCLUDE REGEX "_test\\.cc$")

  turnout_rooms(${NAME} ROOMS)

  if(SOURCES)
    add_library(turnout_${NAME} STATIC ${SOURCES})
    target_include_directories(turnout_${NAME} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(turnout_${NAME} PUBLIC ${ROOMS} PRIVATE ${ROOM_LIBRARIES})
    target_precompile_headers(turnout_${NAME} PRIVATE <algorithm> <cstdint> <expected> <functional> <memory>
                              <optional> <span> <string> <string_view> <unordered_map> <variant> <vector>)
  else()
    add_library(turnout_${NAME} INTERFACE)
    target_include_directories(turnout_${NAME} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(turnout_${NAME} INTERFACE ${ROOMS})
  endif()

  if(TESTS AND TURNOUT_TESTS)
    add_executable(${NAME}_test ${TESTS})
    target_link_libraries(${NAME}_test PRIVATE turnout_${NAME} ${ROOM_LIBRARIES} GTest::gtest_main)
    target_precompile_headers(${NAME}_test PRIVATE <gtest/gtest.h> <string> <vector>)
    add_test(NAME ${NAME}_test COMMAND ${NAME}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  endif()
endfunction()

# turnout_program(NAME ROOM): the room whose main.cc is the program; its other sources are as in a room.
function(turnout_program NAME ROOM)
  turnout_room(${ROOM} ${ARGN})
  cmake_parse_arguments(PROGRAM "" "" "LIBRARIES" ${ARGN})
  add_executable(${NAME} main.cc)
  target_link_libraries(${NAME} PRIVATE turnout_${ROOM} ${PROGRAM_LIBRARIES})
endfunction()
