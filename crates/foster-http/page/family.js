// Processes in the order of a family tree: each below the one that started it.

/** `{process, depth}` for each. Who has no parent among them stands at the left edge. */
export function familyOrder(processes) {
  const known = new Set(processes.map((process) => process.pid));
  const children = new Map();
  for (const process of processes) {
    if (!children.has(process.parent)) children.set(process.parent, []);
    children.get(process.parent).push(process);
  }
  const ordered = [];
  const seen = new Set();
  const visit = (process, depth) => {
    if (seen.has(process.pid)) return; // a number that was used again can make a circle
    seen.add(process.pid);
    ordered.push({ process, depth });
    for (const child of children.get(process.pid) ?? []) visit(child, depth + 1);
  };
  const roots = processes.filter((process) => !known.has(process.parent) || process.parent === process.pid);
  for (const root of roots.sort((one, other) => Number(other.leader === true) - Number(one.leader === true))) visit(root, 0);
  for (const process of processes) visit(process, 0);
  return ordered;
}
