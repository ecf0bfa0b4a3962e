// A Slot ties one declared option to the member of the options struct that holds its value. It has two values: the one
// in the struct, which the program sees, and a staged one, which a load or reload builds up from all sources and
// exchanges for the first only when every option is in order.
//
// Concurrency  single-owner
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/option.h"
#include "config/setting.h"

namespace pando::config {

class Slot {
 public:
  virtual ~Slot() = default;

  const OptionRow& row() const { return row_; }
  // Where the value in the struct came from: "default", or Setting::source.
  const std::string& source() const { return source_; }

  // Begins a load: stages the default.
  void Reset();
  // Stages a value over the staged one (of a map: one entry). False when it is not of the type or not allowed.
  bool Stage(const Setting& setting);
  virtual bool is_changed() const = 0;  // the staged value differs from the one in the struct
  // Exchanges staged value and source with those in the struct; again: back.
  void Swap();

  // The value in the struct, as TOML, as JSON, and as plain text without quotes, a list with commas; and the default as
  // TOML. Secrets, map entries and passwords are masked in all of them.
  virtual std::string Toml() const = 0;
  virtual std::string Json() const = 0;
  virtual std::string Plain() const = 0;
  virtual std::string DefaultToml() const = 0;

 protected:
  explicit Slot(OptionRow row) : row_(std::move(row)) {}
  virtual void StageDefault() = 0;
  virtual bool StageValue(const Setting& setting) = 0;
  virtual void SwapValue() = 0;

 private:
  const OptionRow row_;
  std::string source_ = "default";
  std::string staged_source_ = "default";
};

// One maker per form of Visitor::Option in base/option.h. `target` outlives the Slot, and holds the default now.
std::unique_ptr<Slot> MakeSlot(OptionRow row, bool& target);
std::unique_ptr<Slot> MakeSlot(OptionRow row, uint32_t& target, Range<uint32_t> range);
std::unique_ptr<Slot> MakeSlot(OptionRow row, milliseconds& target, Range<milliseconds> range);
std::unique_ptr<Slot> MakeSlot(OptionRow row, Bytes& target, Range<Bytes> range);
std::unique_ptr<Slot> MakeSlot(OptionRow row, std::string& target);
std::unique_ptr<Slot> MakeSlot(OptionRow row, std::string& target, OneOf choices);
std::unique_ptr<Slot> MakeSlot(OptionRow row, std::optional<std::string>& target);
std::unique_ptr<Slot> MakeSlot(OptionRow row, std::optional<uint32_t>& target, Range<uint32_t> range);
std::unique_ptr<Slot> MakeSlot(OptionRow row, Secret& target);
std::unique_ptr<Slot> MakeSlot(OptionRow row, std::vector<std::string>& target);
std::unique_ptr<Slot> MakeSlot(OptionRow row, std::map<std::string, std::string>& target);

}  // namespace pando::config
