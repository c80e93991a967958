#pragma once

#include "result/scalar.h"
#include "result/text_forms.h"

#include <string>
#include <string_view>

namespace dbsql::result {

enum class Shape : std::uint8_t { Leaf, List, Map, Struct };

/// A JSON object's keys are strings: text stays text, any other key is its own JSON as a string, as
/// in `{"5":1}` and
/// `{"[1,2]":1}`.
template <class Node>
void append_json_key(std::string& out, const Node& key);

/// Writes one value, nested or not, as compact JSON (reference/results.md 3.6.5). The one place
/// that knows the layout, for values (`ValueNode`) and for cells of Arrow memory (`CellNode`)
/// alike. A node has:
///   Shape shape() const;               Leaf also for NULL
///   Scalar scalar() const;             of a leaf
///   void each_element(f) const;        of a list: f(node)
///   void each_entry(f) const;          of a map: f(key node, value node), in storage order
///   void each_field(f) const;          of a struct: f(name, node), in schema order; null fields
///   are kept
template <class Node>
void append_json_tree(std::string& out, const Node& node) {
  const char* separator = "";
  const auto separate = [&] {
    out += separator;
    separator = ",";
  };
  switch (node.shape()) {
    case Shape::Leaf:
      append_json(out, node.scalar());
      return;
    case Shape::List:
      out += '[';
      node.each_element([&](const Node& element) {
        separate();
        append_json_tree(out, element);
      });
      out += ']';
      return;
    case Shape::Map:
      out += '{';
      node.each_entry([&](const Node& key, const Node& value) {
        separate();
        append_json_key(out, key);
        out += ':';
        append_json_tree(out, value);
      });
      out += '}';
      return;
    case Shape::Struct:
      out += '{';
      node.each_field([&](std::string_view name, const Node& field) {
        separate();
        append_json_string(out, name);
        out += ':';
        append_json_tree(out, field);
      });
      out += '}';
      return;
  }
}

template <class Node>
void append_json_key(std::string& out, const Node& key) {
  std::string text;
  append_json_tree(text, key);
  if (text.starts_with('"')) {
    out += text;
  } else {
    append_json_string(out, text);
  }
}

}  // namespace dbsql::result
