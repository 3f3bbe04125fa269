#pragma once

#include <map>

namespace bertrt::family {

/// What `find` says of a key, asked once: a value of a graph can be reached on many ways. `find` may ask of others.
template <typename Key, typename Answer, typename Find>
Answer once(std::map<Key, Answer>& known, const Key& key, const Find& find) {
  if (const auto found = known.find(key); found != known.end()) return found->second;
  const Answer answer = find();
  return known.emplace(key, answer).first->second;
}

}  // namespace bertrt::family
