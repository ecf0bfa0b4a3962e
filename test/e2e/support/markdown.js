// The fenced blocks of a Markdown page: what each is (the word behind the fence), its text, and the line it opens on.
export function fencedBlocks(markdown) {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((found) => ({
    kind: found[1],
    text: found[2],
    line: markdown.slice(0, found.index).split('\n').length,
  }));
}

// Where the links of a page lead, without those to other sites.
export function relativeLinks(markdown) {
  return [...markdown.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map((found) => found[1]).filter((link) => !/^\w+:/.test(link));
}
