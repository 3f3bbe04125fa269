#include "archive/pickle_machine.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>

#include "archive/byte_reader.h"

namespace bertrt::archive {
namespace {

constexpr std::uint32_t kNoValue = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kMaxGlobal = 4096;
constexpr std::size_t kMaxMarks = 1000;  // open at one time: each nests what comes

// Opcodes of Python's pickletools that torch/csrc/jit/serialization/pickler.h lists; others are errors.
enum Opcode : std::uint8_t {
  kMark = '(',
  kStop = '.',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kNone = 'N',
  kBinPersistentId = 'Q',
  kReduce = 'R',
  kBinUnicode = 'X',
  kShortBinString = 'U',  // of Python 2
  kAppend = 'a',
  kBuild = 'b',
  kGlobal = 'c',
  kEmptyDict = '}',
  kAppends = 'e',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kEmptyList = ']',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kSetItem = 's',
  kTuple = 't',
  kEmptyTuple = ')',
  kSetItems = 'u',
  kBinFloat = 'G',
  kProto = 0x80,
  kNewObject = 0x81,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
};

std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text.substr(0, 80)) {
    if (c == '\n') {
      result += '.';
    } else {
      result += (c >= ' ' && c < 0x7f) ? c : '?';
    }
  }
  return result + (text.size() > 80 ? "…'" : "'");
}

}  // namespace

Error PickleMachine::bad(std::string expected, std::string found) const {
  static constexpr char kHex[] = "0123456789abcdef";
  const std::string code = {'0', 'x', kHex[opcode_ >> 4U], kHex[opcode_ & 15U]};
  return Error(ErrorCode::invalid_format, where_ + ", opcode " + code + " at byte " + std::to_string(opcode_at_),
               std::move(expected), std::move(found));
}

template <typename T>
T PickleMachine::read() {
  ByteReader reader(bytes_, position_);
  const std::optional<T> value = reader.read<T>();
  if (!value) throw bad("the rest of the pickle", "its end");
  position_ = reader.position();
  return *value;
}

std::uint32_t PickleMachine::run() {
  // The bound keeps positions in 32 bits too.
  if (bytes_.size() > Pickle::kMaxBytes) {
    throw Error(ErrorCode::unsupported, where_, "a pickle of at most " + std::to_string(Pickle::kMaxBytes) + " bytes",
                std::to_string(bytes_.size()));
  }
  for (;;) {
    opcode_at_ = position_;
    opcode_ = 0;
    opcode_ = read<std::uint8_t>();
    if (opcode_ == kStop) {
      if (stack_.size() != 1 || !marks_.empty()) {
        throw bad("one value at the end", std::to_string(stack_.size()) + " on the stack");
      }
      return stack_.back();
    }
    step(opcode_);
  }
}

void PickleMachine::step(std::uint8_t opcode) {
  switch (opcode) {
    case kProto:
      if (const auto version = read<std::uint8_t>(); version != 2) {
        throw bad("pickle protocol 2", std::to_string(version));
      }
      break;
    case kMark:
      if (marks_.size() == kMaxMarks) throw bad("at most " + std::to_string(kMaxMarks) + " open marks", "more");
      marks_.push_back(stack_.size());
      break;
    case kNone: push({}); break;
    case kNewTrue: push({.kind = PickleKind::boolean, .count = 0, .integer = 1}); break;
    case kNewFalse: push({.kind = PickleKind::boolean, .count = 0, .integer = 0}); break;
    case kBinInt: {
      const auto value = static_cast<std::int32_t>(read<std::uint32_t>());
      push({.kind = PickleKind::integer, .count = 0, .integer = value});
      break;
    }
    case kBinInt1: push({.kind = PickleKind::integer, .count = 0, .integer = read<std::uint8_t>()}); break;
    case kBinInt2: push({.kind = PickleKind::integer, .count = 0, .integer = read<std::uint16_t>()}); break;
    case kLong1: push_long(); break;
    case kBinFloat: push_float(); break;
    case kBinUnicode: push_text(read<std::uint32_t>()); break;
    case kShortBinString:
      if (writer_ != PickleWriter::torch_save) throw bad("an opcode that torch.jit.save writes", "another");
      push_text(read<std::uint8_t>());
      break;
    case kGlobal: push_global(); break;
    case kEmptyTuple: push_range(PickleKind::tuple, 0, 0); break;
    case kEmptyList: push_range(PickleKind::list, 0, 0); break;
    case kEmptyDict: push_range(PickleKind::dict, 0, 0); break;
    case kTuple: collect(PickleKind::tuple, stack_.size() - pop_mark()); break;
    case kTuple1: collect(PickleKind::tuple, 1); break;
    case kTuple2: collect(PickleKind::tuple, 2); break;
    case kTuple3: collect(PickleKind::tuple, 3); break;
    case kAppend:
      need(2);
      append(stack_.size() - 1, PickleKind::list);
      break;
    case kAppends: append(pop_mark(), PickleKind::list); break;
    case kSetItem:
      need(3);
      append(stack_.size() - 2, PickleKind::dict);
      break;
    case kSetItems: append(pop_mark(), PickleKind::dict); break;
    case kBinPut: remember(read<std::uint8_t>()); break;
    case kLongBinPut: remember(read<std::uint32_t>()); break;
    case kBinGet: recall(read<std::uint8_t>()); break;
    case kLongBinGet: recall(read<std::uint32_t>()); break;
    case kBinPersistentId: {
      const Id id = pop();
      if (node(id).kind != PickleKind::tuple) throw bad("a storage's description", "something else");
      push_range(PickleKind::storage, node(id).first, node(id).count);
      break;
    }
    case kNewObject: make_object(); break;
    case kBuild: build(); break;
    case kReduce: reduce(); break;
    default: throw bad("an opcode that torch.jit.save writes", "another");
  }
}

PickleMachine::Id PickleMachine::add(Node value) {
  if (pickle_.nodes_.size() == Pickle::kMaxValues) {
    throw Error(ErrorCode::unsupported, where_, "a pickle of at most " + std::to_string(Pickle::kMaxValues) + " values",
                "more");
  }
  pickle_.nodes_.push_back(value);
  return static_cast<Id>(pickle_.nodes_.size() - 1);
}

void PickleMachine::push_range(PickleKind kind, std::size_t first, std::size_t count) {
  push({.kind = kind, .count = static_cast<std::uint32_t>(count), .first = first});
}

// Never below the last mark: what lies under it belongs to somebody else.
void PickleMachine::need(std::size_t count) const {
  const std::size_t floor = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() < floor + count) throw bad(std::to_string(count) + " values on the stack", "fewer");
}

PickleMachine::Id PickleMachine::pop() {
  need(1);
  const Id id = stack_.back();
  stack_.pop_back();
  return id;
}

PickleMachine::Id PickleMachine::top() const {
  need(1);
  return stack_.back();
}

std::size_t PickleMachine::pop_mark() {
  if (marks_.empty()) throw bad("a mark on the stack", "none");
  const std::size_t height = marks_.back();
  marks_.pop_back();
  return height;
}

std::string_view PickleMachine::range(const Node& text) const { return as_text(bytes_).substr(text.first, text.count); }

void PickleMachine::push_text(std::size_t size) {
  if (bytes_.size() - position_ < size) throw bad("a text of " + std::to_string(size) + " bytes", "the pickle's end");
  push_range(PickleKind::text, position_, size);
  position_ += size;
}

void PickleMachine::push_long() {
  const auto size = read<std::uint8_t>();
  if (size > 8) throw bad("an integer of at most 8 bytes", std::to_string(size));
  std::uint64_t value = 0;
  std::uint8_t last = 0;
  for (unsigned i = 0; i < size; ++i) {
    last = read<std::uint8_t>();
    value |= std::uint64_t{last} << (8 * i);
  }
  if (size > 0 && size < 8 && (last & 0x80U) != 0) value |= ~std::uint64_t{0} << (8U * size);
  push({.kind = PickleKind::integer, .count = 0, .integer = static_cast<std::int64_t>(value)});
}

void PickleMachine::push_float() {
  std::uint64_t bits = 0;  // big-endian, unlike everything else
  for (int i = 0; i < 8; ++i) bits = bits << 8U | read<std::uint8_t>();
  push({.kind = PickleKind::real, .count = 0, .real = std::bit_cast<double>(bits)});
}

void PickleMachine::push_global() {
  const std::string_view rest = as_text(bytes_).substr(position_, kMaxGlobal);
  const std::size_t line = rest.find('\n');
  const std::size_t end = line == std::string_view::npos ? line : rest.find('\n', line + 1);
  if (end == std::string_view::npos) throw bad("two lines that name a class or function", "no end of them");
  const std::string_view module = rest.substr(0, line);
  const std::string_view name = rest.substr(0, end);
  static constexpr std::array<std::string_view, 3> kKnown = {"collections\nOrderedDict", "builtins\ncomplex",
                                                             "torch._utils\n_rebuild_tensor_v2"};
  const bool known = module == "__torch__" || module.starts_with("__torch__.") || module == "torch" ||
                     module == "torch.jit._pickle" || module == "torch._utils" ||
                     std::find(kKnown.begin(), kKnown.end(), name) != kKnown.end();
  if (!known) throw bad("a name that torch.jit.save writes", quoted(name));
  push_range(PickleKind::global, position_, end);
  position_ += end + 1;
}

void PickleMachine::collect(PickleKind kind, std::size_t count) {
  need(count);
  const std::size_t first = pickle_.pool_.size();
  pickle_.pool_.insert(pickle_.pool_.end(), stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
  stack_.resize(stack_.size() - count);
  push_range(kind, first, count);
}

// Adds the values from stack position `from` on to the list or dict below them. A container that already has
// entries moves to the pool's end; the pool's bound keeps a pickle from doing that over and over.
void PickleMachine::append(std::size_t from, PickleKind kind) {
  const std::size_t floor = marks_.empty() ? 0 : marks_.back();
  if (from <= floor) throw bad("a list or dict on the stack", "nothing");
  Node& target = node(stack_[from - 1]);
  if (target.kind != kind) throw bad(kind == PickleKind::list ? "a list" : "a dict", "something else");
  const std::size_t added = stack_.size() - from;
  if (kind == PickleKind::dict && added % 2 != 0) throw bad("pairs of key and value", "an odd number of values");
  auto& pool = pickle_.pool_;
  const std::size_t held = target.count;
  if (held > 0 && target.first + held != pool.size()) {
    if (pool.size() + held > 4 * bytes_.size()) throw bad("a list or dict in one piece", "one in many");
    const std::size_t first = pool.size();
    pool.resize(first + held);
    std::copy_n(pool.begin() + static_cast<std::ptrdiff_t>(target.first), held,
                pool.begin() + static_cast<std::ptrdiff_t>(first));
    target.first = first;
  } else if (held == 0) {
    target.first = pool.size();
  }
  pool.insert(pool.end(), stack_.begin() + static_cast<std::ptrdiff_t>(from), stack_.end());
  target.count = static_cast<std::uint32_t>(held + added);
  stack_.resize(from);
}

void PickleMachine::remember(std::size_t index) {
  const Id id = top();
  if (index > bytes_.size()) throw bad("a memo index within the pickle's size", std::to_string(index));
  if (index >= memo_.size()) memo_.resize(index + 1, kNoValue);
  memo_[index] = id;
}

void PickleMachine::recall(std::size_t index) {
  if (index >= memo_.size() || memo_[index] == kNoValue) throw bad("a remembered value", "none");
  stack_.push_back(memo_[index]);
}

void PickleMachine::make_object() {
  const Id arguments = pop();
  const Id type = pop();
  if (node(arguments).kind != PickleKind::tuple || node(arguments).count != 0) throw bad("no arguments", "some");
  if (node(type).kind != PickleKind::global || !range(node(type)).starts_with("__torch__")) {
    throw bad("a TorchScript class", "something else");
  }
  const std::size_t first = pickle_.pool_.size();
  pickle_.pool_.insert(pickle_.pool_.end(), {type, kNoValue});
  push_range(PickleKind::object, first, 1);
}

void PickleMachine::build() {
  const Id state = pop();
  Node& object = node(top());
  // A state dict's _metadata, an attribute of the dict itself: no weight.
  if (writer_ == PickleWriter::torch_save && object.kind == PickleKind::dict) return;
  if (object.kind != PickleKind::object || object.count != 1) throw bad("a new object", "something else");
  pickle_.pool_[object.first + 1] = state;
  object.count = 2;
}

PickleMachine::Id PickleMachine::argument(Id tuple, std::size_t index) const {
  if (index >= node(tuple).count) throw bad("an argument", "too few of them");
  return pickle_.pool_[node(tuple).first + index];
}

// The calls that torch.jit.save writes, done here; no other name is ever called.
void PickleMachine::reduce() {
  const Id arguments = pop();
  const Id callee = pop();
  if (node(arguments).kind != PickleKind::tuple) throw bad("a tuple of arguments", "something else");
  if (node(callee).kind != PickleKind::global) throw bad("a function's name", "something else");
  const std::string_view name = range(node(callee));
  static constexpr std::array<std::string_view, 5> kFirstArgument = {
      "torch.jit._pickle\nrestore_type_tag", "torch.jit._pickle\nbuild_intlist", "torch.jit._pickle\nbuild_tensorlist",
      "torch.jit._pickle\nbuild_doublelist", "torch.jit._pickle\nbuild_boollist"};
  static constexpr std::array<std::string_view, 5> kOpaque = {
      "torch.jit._pickle\nbuild_tensor_from_id", "torch\ndevice", "builtins\ncomplex",
      "torch._utils\n_rebuild_sparse_tensor", "torch._utils\n_rebuild_device_tensor_from_numpy"};
  const bool saved = writer_ == PickleWriter::torch_save;
  if (name == "torch._utils\n_rebuild_tensor_v2" || (saved && name == "torch._utils\n_rebuild_tensor")) {
    push_range(PickleKind::tensor, node(arguments).first, node(arguments).count);
  } else if (name == "torch._utils\n_rebuild_qtensor") {
    push_range(PickleKind::quantized_tensor, node(arguments).first, node(arguments).count);
  } else if (saved &&
             (name == "torch._utils\n_rebuild_parameter" || name == "torch._utils\n_rebuild_parameter_with_state")) {
    stack_.push_back(argument(arguments, 0));  // the tensor, whether it is to be trained, hooks, attributes
  } else if (name == "collections\nOrderedDict") {
    if (node(arguments).count != 0) throw bad("an empty OrderedDict", "one with entries");
    push_range(PickleKind::dict, 0, 0);
  } else if (std::find(kFirstArgument.begin(), kFirstArgument.end(), name) != kFirstArgument.end()) {
    stack_.push_back(argument(arguments, 0));
  } else if (std::find(kOpaque.begin(), kOpaque.end(), name) != kOpaque.end() || name.starts_with("__torch__")) {
    push_range(PickleKind::opaque, 0, 0);  // a class of ours by name: an enum's member
  } else {
    throw bad("a function that torch.jit.save names", quoted(name));
  }
}

}  // namespace bertrt::archive
