#include "workload/random.h"

#include <array>
#include <string_view>

namespace dbsql::bench {

namespace {

constexpr std::array<std::string_view, 32> kWords = {
    "amber",  "bridge",  "canyon", "delta",   "ember",  "forest",  "granite", "harbor",
    "iris",   "juniper", "kernel", "lumen",   "meadow", "nickel",  "orchid",  "prairie",
    "quartz", "river",   "summit", "thicket", "umber",  "valley",  "willow",  "xenon",
    "yarrow", "zephyr",  "basalt", "cobalt",  "fjord",  "glacier", "lagoon",  "tundra"};

}  // namespace

void append_word(std::string& text, std::uint64_t random) {
  text += kWords[random % kWords.size()];
}

void append_phrase(std::string& text, std::uint64_t random) {
  append_word(text, random);
  text += '-';
  append_word(text, random >> 8);
  text += '-';
  text += std::to_string((random >> 16) % 100'000'000);
}

}  // namespace dbsql::bench
