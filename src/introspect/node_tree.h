// Reads PostgreSQL's stored parse trees: the text form (nodeToString) of view rules, policies, defaults, checks, index
// expressions and SQL-standard function bodies, as pg_rewrite.ev_action and its kin hold it. The form differs between
// major versions in which fields a node has, but the fields looked at here are the same from 14 to 18; fields are found
// by name, never by position.
//
// Concurrency  pure
#pragma once

#include <string_view>
#include <vector>

#include "catalog/names.h"
#include "catalog/observed.h"
#include "introspect/claim_names.h"

namespace pando::introspect {

using catalog::Oid;

// The first oid given to objects that users or extensions made (FirstNormalObjectId); below are the server's own.
inline constexpr Oid kFirstUserOid = 16384;

// What evaluating a tree may touch. Each list is sorted and without repetition.
struct NodeReferences {
  std::vector<Oid> functions;  // called by name, behind operators, as aggregate or window function
  // Called by name: they give the claims, which are among the settings, whatever else their bodies may meet.
  std::vector<Oid> claim_givers;
  std::vector<Oid> operators;  // user-defined ones: compared with, sorted or grouped by
  std::vector<Oid> types;      // user-defined ones: their input, output and checks may run
  std::vector<Oid> relations;  // in any FROM, or the target of a write
  // Of CURRENT_USER and its kin, CURRENT_SCHEMA, and calls of current_setting by a constant name; a call by any other
  // is among the functions.
  catalog::Observed settings = catalog::Observed::kNothing;
  ClaimNames claims;  // where the claims are among the settings
  // What it gives may depend on more than what it refers to: the time, a type's input, a node that is not known here.
  bool varies = false;
  bool writes = false;  // holds a statement other than a SELECT without FOR UPDATE and the like
};

// An empty tree, or the text "<>", refers to nothing. Calls of the `givers` are not among the functions.
NodeReferences ReadReferences(std::string_view tree, const ClaimGivers& givers = {});

// The functions that an expression calls, by what their arguments are. When PostgreSQL plans it, it calls those that
// are labelled IMMUTABLE and have no column, parameter or domain's value in any argument, and puts the bodies of
// functions in SQL in their place. Sorted and without repetition.
struct FoldedCalls {
  std::vector<Oid> over_constants, over_columns;
};
FoldedCalls ReadFoldedCalls(std::string_view tree);

// Where a column of a view comes from, as the parser recorded it: the relation in the view's FROM, through subselects,
// joins and common table expressions, but not through further views. Columns that are expressions are left out.
struct TargetOrigin {
  int position = 0;  // of the column in the view, from 1
  Oid relation = 0;
  int relation_column = 0;  // attribute number
};

// The target list of the first query of the tree (a view's rule has one).
std::vector<TargetOrigin> ReadTargetOrigins(std::string_view tree);

// Whether a view's query shows rows of one relation, one for one, but for those that a condition leaves out: nothing is
// joined, grouped, numbered, repeated or cut off, and nothing looked up elsewhere. False where it is not certain.
bool ShowsOneForOne(std::string_view tree);

}  // namespace pando::introspect
