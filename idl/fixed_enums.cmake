# Gives every generated enum a fixed underlying type, so that a number this version does not know survives being read
# (reference/thrift.md 1.5) instead of being undefined behaviour.
file(READ "${HEADER}" text)
string(REGEX REPLACE "\nenum ([A-Za-z0-9_]+) {" "\nenum \\1 : int32_t {" text "${text}")
file(WRITE "${HEADER}" "${text}")
