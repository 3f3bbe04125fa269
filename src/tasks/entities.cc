#include "tasks/entities.h"

#include <algorithm>
#include <utility>

#include "tasks/head.h"

namespace bertrt::tasks {
namespace {

std::size_t best_of(std::span<const float> scores) {
  return static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

float largest(const LabelledToken& token) { return token.scores[best_of(token.scores)]; }

Entity entity_of(const LabelledToken& token, const EntityRules& rules) {
  const std::size_t best = best_of(token.scores);
  return {label_name(rules.labels, best), token.scores[best], token.word, token.start, token.end, {}, token.index};
}

std::vector<float> mean_of(std::span<const LabelledToken> tokens) {
  std::vector<float> mean(tokens.front().scores.size());
  for (std::size_t label = 0; label < mean.size(); ++label) {
    double sum = 0;
    for (const LabelledToken& token : tokens) sum += static_cast<double>(token.scores[label]);
    mean[label] = static_cast<float>(sum / static_cast<double>(tokens.size()));
  }
  return mean;
}

// The tokens of one word to one entity.
Entity word_of(std::span<const LabelledToken> tokens, const EntityRules& rules) {
  const LabelledToken* from = &tokens.front();
  LabelledToken mean;
  if (rules.aggregation == Aggregation::max) {
    from = &*std::max_element(tokens.begin(), tokens.end(),
                              [](const LabelledToken& a, const LabelledToken& b) { return largest(a) < largest(b); });
  } else if (rules.aggregation == Aggregation::average) {
    mean.scores = mean_of(tokens);
    from = &mean;
  }
  Entity entity = entity_of(*from, rules);
  std::vector<std::string> words;
  for (const LabelledToken& token : tokens) words.push_back(token.word);
  entity.word = rules.join(std::move(words));
  entity.start = tokens.front().start;
  entity.end = tokens.back().end;
  return entity;
}

std::vector<Entity> words_of(std::span<const LabelledToken> tokens, const EntityRules& rules) {
  std::vector<Entity> words;
  for (std::size_t begin = 0; begin < tokens.size();) {
    std::size_t end = begin + 1;
    while (end < tokens.size() && tokens[end].continues) ++end;
    words.push_back(word_of(tokens.subspan(begin, end - begin), rules));
    begin = end;
  }
  return words;
}

bool begins(std::string_view label) { return label.starts_with("B-"); }

// "PER" of "B-PER" and "I-PER"; all else is its own tag.
std::string_view tag_of(std::string_view label) {
  return label.starts_with("B-") || label.starts_with("I-") ? label.substr(2) : label;
}

Entity group_of(std::span<const Entity> members, const EntityRules& rules) {
  Entity group = members.front();
  // What stands behind the first dash, whatever is in front of it.
  if (const std::size_t dash = group.label.find('-'); dash != std::string::npos) group.label.erase(0, dash + 1);
  std::vector<std::string> words;
  double sum = 0;
  for (const Entity& member : members) {
    words.push_back(member.word);
    sum += static_cast<double>(member.score);
  }
  group.score = static_cast<float>(sum / static_cast<double>(members.size()));
  group.word = rules.join(std::move(words));
  group.end = members.back().end;
  group.index.reset();
  return group;
}

std::vector<Entity> groups_of(std::span<const Entity> entities, const EntityRules& rules) {
  std::vector<Entity> groups;
  for (std::size_t begin = 0; begin < entities.size();) {
    const std::string_view tag = tag_of(entities[begin].label);
    std::size_t end = begin + 1;
    while (end < entities.size() && !begins(entities[end].label) && tag_of(entities[end].label) == tag) ++end;
    groups.push_back(group_of(entities.subspan(begin, end - begin), rules));
    begin = end;
  }
  return groups;
}

}  // namespace

std::vector<Entity> entities_of(std::span<const LabelledToken> tokens, const EntityRules& rules) {
  std::vector<Entity> entities;
  if (rules.aggregation == Aggregation::none || rules.aggregation == Aggregation::simple) {
    for (const LabelledToken& token : tokens) entities.push_back(entity_of(token, rules));
  } else {
    entities = words_of(tokens, rules);
  }
  if (rules.aggregation != Aggregation::none) entities = groups_of(entities, rules);
  std::erase_if(entities, [&](const Entity& entity) {
    return std::find(rules.ignore_labels.begin(), rules.ignore_labels.end(), entity.label) != rules.ignore_labels.end();
  });
  return entities;
}

std::vector<Entity> merge_windows(std::vector<Entity> entities,
                                  const std::function<std::size_t(const Entity&)>& length) {
  if (entities.empty()) return entities;
  std::stable_sort(entities.begin(), entities.end(),
                   [](const Entity& a, const Entity& b) { return a.start < b.start; });
  std::vector<Entity> merged;
  Entity previous = entities.front();
  for (const Entity& entity : entities) {
    if (previous.start <= entity.start && entity.start < previous.end) {
      const std::size_t now = length(entity);
      const std::size_t before = length(previous);
      if (now > before || (now == before && entity.score > previous.score)) previous = entity;
    } else {
      merged.push_back(std::exchange(previous, entity));
    }
  }
  merged.push_back(std::move(previous));
  return merged;
}

}  // namespace bertrt::tasks
