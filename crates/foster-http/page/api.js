// Requests to the server. What it refuses becomes an ApiError with the words of its answer.

import { askForToken } from "./token-dialog.js";
import { token } from "./token.js";

export class ApiError extends Error {
  constructor({ code, message, hint, job_id: jobId, status, document }) {
    super(message);
    this.code = code;
    this.hint = hint ?? null;
    this.jobId = jobId ?? null;
    this.status = status ?? null;
    /** The whole answer: a refused `kill` tells in it who survived. */
    this.document = document ?? null;
  }
}

/** The address of a job's route. */
export const jobPath = (id, ...rest) => ["/v1/jobs", ...[id, ...rest].map(encodeURIComponent)].join("/");

/** A path with options; those that are null, false or empty are left out, lists are repeated. */
export function withOptions(path, options = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(options)) {
    for (const one of [value].flat()) if (one !== null && one !== false && one !== undefined && one !== "") query.append(name, String(one));
  }
  return query.size > 0 ? `${path}?${query}` : path;
}

/** The answer of one request, as a document. */
export async function request(method, path, { options, body, signal } = {}) {
  const response = await send(withOptions(path, options), {
    method,
    signal,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  let document;
  try {
    document = await response.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw unreachable(error);
  }
  if (document.ok === false) throw refused(document, response.status);
  return document;
}

/** A response of 200 whatever it takes to be let in; other answers are thrown as errors. */
export async function send(path, { headers, ...rest } = {}) {
  for (;;) {
    const used = token() ?? (await askForToken(null));
    let response;
    try {
      response = await fetch(path, { ...rest, headers: { ...headers, Authorization: `Bearer ${used}` }, cache: "no-store", redirect: "error" });
    } catch (error) {
      if (rest.signal?.aborted) throw error;
      throw unreachable(error);
    }
    if (response.status === 401) {
      await askForToken(used);
    } else if (response.ok) {
      return response;
    } else {
      throw refused(await response.json().catch(() => null), response.status);
    }
  }
}

function refused(document, status) {
  const error = document?.error ?? { code: "unknown", message: `The server answered ${status} and nothing else.` };
  return new ApiError({ ...error, status, document });
}

function unreachable(error) {
  return new ApiError({
    code: "unreachable",
    message: "The server can't be reached.",
    hint: `It may have ended: \`foster serve\` starts it. (${error.message})`,
  });
}
