#!/bin/sh
# compile.sh COMPILER ARGUMENT...: runs the compiler through ccache, or by itself where ccache is not installed. CMake
# puts it before each compilation (cmake/compile_options.cmake); the current folder is the build folder.
#
# Each compiler has a cache of its own, of at most 4 GB, below $CCACHE_DIR, else below ~/.cache/pando/ccache. Clones in other
# folders share it: base_dir and nohashdir take the clone's own folder out of what is compared. The results of a build
# are appended to ccache.log in the build folder, where ./dev counts them.
#
# ccache knows a precompiled header by the checksum that is written beside it. It would otherwise read the whole header,
# over 100 MB, for each unit that includes it. One of clang's names the folder in which it was made, and serves nowhere
# else: each clone makes its own, and its checksum is that of what went into it.
compiler=$1 output= checks= previous= depends= root=${0%/tools/*}
for word; do
  shift
  # ccache makes paths relative to the build folder, but not those of precompiled headers.
  set -- "$@" "${word#"$PWD/"}"
  [ "$word" = -fsyntax-only ] && checks=1
  [ "$previous" = -o ] && output=$word
  [ "$previous" = -MF ] && depends=$word
  previous=$word
done

# Of the compiler, its arguments and every header that it read, wherever the clone is.
checksum_of_inputs() {
  {
    "$compiler" --version
    echo "$*" | sed "s#$root#.#g"
    tr -d '\\' <"$depends" | tr -s ' ' '\n' | grep -v ':$' | xargs cat
  } | b2sum
}

case $output in *.pch) "$@" && checksum_of_inputs "$@" >"$output.sum"; exit ;; esac

if command -v ccache >/dev/null; then
  caches=${CCACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/pando/ccache}
  export CCACHE_DIR="$caches/${compiler##*/}" CCACHE_MAXSIZE=4G CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=1
  export CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_PCH_EXTSUM=1 CCACHE_STATSLOG=ccache.log
  # ccache does not see comments and macros of a precompiled header change.
  case $output in *.gch) export CCACHE_EXTRAFILES="$(echo "$root"/cmake/*_pch.h | tr ' ' :)" ;; esac
  set -- ccache "$@"
fi
case $checks$output in
  *.gch) "$@" && b2sum <"$output" >"$output.sum" ;;
  1*) "$@" && : >"$output" ;;  # the compiler makes no object, and ninja waits for one
  *) exec "$@" ;;
esac
