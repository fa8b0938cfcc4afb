// What is shown stands in the address, behind the `#`: it can be bookmarked, and "back" works.

export const TABS = ["output", "processes", "timeline", "details"];

/** `{job, tab}`; `job` is null for the list. */
export function parseRoute(hash) {
  const [, kind, job, tab] = hash.replace(/^#/, "").split("/");
  if (kind !== "jobs" || !job) return { job: null, tab: "output" };
  let id = job;
  try {
    id = decodeURIComponent(job);
  } catch {
    // Typed by hand with a stray percent sign: the server will say that there is no such job.
  }
  return { job: id, tab: TABS.includes(tab) ? tab : "output" };
}

export const listHref = "#/";

export const jobHref = (id, tab = "output") => `#/jobs/${encodeURIComponent(id)}${tab === "output" ? "" : `/${tab}`}`;
