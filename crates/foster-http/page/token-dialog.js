// Asks for the token when there is none, or when the server refuses the one that there is.

import { askBy } from "./dialog.js";
import { h } from "./dom.js";
import { forgetToken, setToken, token } from "./token.js";

let asking = null;

/** The token to go on with; `refused` is the one that was not accepted. All who wait share one dialog. */
export function askForToken(refused) {
  if (refused !== null && token() !== null && token() !== refused) return Promise.resolve(token());
  asking ??= ask(refused !== null).finally(() => {
    asking = null;
  });
  return asking;
}

export const isAsking = () => asking !== null;

function ask(wasRefused) {
  forgetToken();
  const field = h("input", { type: "password", name: "token", id: "token", autocomplete: "off", spellcheck: "false", required: true });
  return askBy({
    title: "A token is needed",
    confirm: "Continue",
    mayCancel: false,
    children: [
      wasRefused && h("p", { class: "message", role: "alert" }, ["The server did not accept the token that this tab had."]),
      h("p", {}, ["Whoever reads this page can start and end jobs, so the server wants to know that it is you. ", h("code", {}, ["foster ui"]), " opens the page with the token in the address. By hand, it is in the file ", h("code", {}, ["http-token"]), " of the root that ", h("code", {}, ["foster serve"]), " was started for."]),
      h("label", { for: "token" }, ["Token"]),
      field,
      h("p", { class: "hint" }, ["It is kept for this tab only, and sent nowhere else."]),
    ],
    submit: async () => {
      const value = field.value.trim();
      if (!/^[\x21-\x7e]+$/.test(value)) throw new Error(value === "" ? "Type or paste the token." : "A token has no spaces and no special characters.");
      setToken(value);
      return value;
    },
  });
}
