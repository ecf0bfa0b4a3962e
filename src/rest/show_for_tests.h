// Parsed pieces as one line of text each, so that tests can be tables. For tests only.
//
//   field        name>step>>step#index      operation    not eq(any) "value"
//   select item  alias=target!hint!inner(items)      column  alias=field::cast.agg::cast
#pragma once

#include <string>
#include <vector>

#include "rest/query.h"

namespace pando::rest {

std::string Show(const EmbedPath& path);
std::string Show(const Field& field);
std::string Show(const Operation& operation);
std::string Show(const Filter& filter);
std::string Show(const Logic& logic);
std::string Show(const std::vector<SelectItem>& items);
std::string Show(const std::vector<OrderTerm>& terms);
std::string Show(const Window& window);

}  // namespace pando::rest
