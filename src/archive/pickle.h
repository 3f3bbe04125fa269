#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bertrt::archive {

/// What a pickle can hold. Nothing here is a program: a "call" of the pickle that builds one of these is known by its
/// name and done by this reader, every other name is an error.
enum class PickleKind : std::uint8_t {
  none,
  boolean,
  integer,
  real,
  text,
  tuple,
  list,
  dict,
  global,            ///< a class or function by name
  object,            ///< an object of a TorchScript class: its class and its state, a dict of attributes as a rule
  tensor,            ///< the arguments of torch._utils._rebuild_tensor_v2: storage, offset, sizes, strides, …
  quantized_tensor,  ///< those of torch._utils._rebuild_qtensor: storage, offset, sizes, strides, quantizer, …
  storage,           ///< a persistent id: ('storage', type, key, device, elements)
  opaque,            ///< known and harmless, but of no use here: torch.device, a complex number, a sparse tensor
};

/// Whose pickles are read: each knows names and opcodes that the other never writes.
enum class PickleWriter : std::uint8_t {
  torch_jit,   ///< torch.jit.save
  torch_save,  ///< torch.save of a state dict: parameters are their tensors, a dict's own attributes are left out
};

class Pickle;

/// One value of a pickle; a handle that is valid as long as its Pickle.
class PickleValue {
 public:
  PickleValue(const Pickle* pickle, std::uint32_t id) : pickle_(pickle), id_(id) {}

  PickleKind kind() const noexcept;
  bool is(PickleKind wanted) const noexcept { return kind() == wanted; }
  bool boolean() const noexcept;           ///< of a boolean, else false
  std::int64_t integer() const noexcept;   ///< of an integer or boolean, else 0
  double real() const noexcept;            ///< of a real or integer, else 0
  std::string_view text() const noexcept;  ///< of a text, else empty
  std::string global_name() const;         ///< "module.name" of a global, else empty

  /// Entries of a tuple, list, tensor of either kind or storage; pairs of a dict; else 0.
  std::size_t size() const noexcept;
  PickleValue operator[](std::size_t index) const;              ///< of what has entries but a dict; index < size()
  PickleValue key(std::size_t index) const;                     ///< of a dict; index < size()
  PickleValue value(std::size_t index) const;                   ///< of a dict; index < size()
  std::optional<PickleValue> find(std::string_view key) const;  ///< of a dict by a text key

  std::string class_name() const;            ///< of an object, "__torch__.module.Class"
  std::optional<PickleValue> state() const;  ///< of an object

 private:
  const Pickle* pickle_;
  std::uint32_t id_;
};

/// A pickle as torch.jit.save or torch.save writes it (protocol 2), read by a machine that knows just the opcodes which
/// that writer uses, without recursion.
///
/// What it holds can be walked without further thought: no value contains itself, nothing is nested more than
/// kMaxDepth deep, and a walk that follows every reference meets at most kMaxUnfolded values, however often it comes
/// back to the same ones. (A pickle of a few bytes can refer to its values so that there are 2^60 ways to the last.)
class Pickle {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{16} << 20;  ///< BERT-large's own is 0.2 MB
  static constexpr std::size_t kMaxValues = std::size_t{1} << 22;
  static constexpr std::size_t kMaxUnfolded = std::size_t{1} << 24;
  static constexpr std::size_t kMaxDepth = 200;  ///< modules in modules, two each: traces have some 20

  /// `bytes` must outlive the object. @param where for messages
  /// @throws Error invalid_format with the opcode and its byte position, or for what cannot be walked; unsupported
  ///   (too large)
  Pickle(std::span<const std::byte> bytes, const std::string& where, PickleWriter writer = PickleWriter::torch_jit);

  /// How many of the bytes are the pickle's: what stands behind its end is not looked at.
  std::size_t bytes_read() const noexcept { return bytes_read_; }

  PickleValue root() const noexcept { return {this, root_}; }
  /// Every value of a kind, each once, in the pickle's order.
  std::vector<PickleValue> values_of(PickleKind kind) const;

 private:
  friend class PickleValue;
  friend class PickleMachine;
  friend class PickleShape;

  // Values with children have them in pool_[first, first + count); texts and globals are a range of the bytes.
  struct Node {
    PickleKind kind = PickleKind::none;
    std::uint32_t count = 0;
    union {
      std::int64_t integer = 0;
      double real;
      std::uint64_t first;
    };
  };

  std::string_view text_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> pool_;
  std::uint32_t root_ = 0;
  std::size_t bytes_read_ = 0;
};

}  // namespace bertrt::archive
