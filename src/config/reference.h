// Help and reference pages, from the same declarations as everything else.
//
// Concurrency  as the Registry
#pragma once

#include <string>

#include "config/registry.h"

namespace pando::config {

// The options for `--help`: a flag a paragraph, by section, wrapped at `columns` characters.
std::string HelpText(const Registry& registry, size_t columns = 100);

// docs/reference/options.md, docs/reference/errors.md
std::string OptionsPage(const Registry& registry);
std::string ErrorsPage();

}  // namespace pando::config
