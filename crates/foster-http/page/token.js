// The token that every request needs: from the address that `foster ui` opens, kept for this tab.

const KEY = "foster.token";

/** Takes the token out of the address, where the history and a screenshot would show it. */
export function takeTokenFromAddress() {
  const fragment = location.hash.slice(1);
  const isToken = fragment !== "" && !fragment.startsWith("/");
  if (isToken) sessionStorage.setItem(KEY, decodeURIComponent(fragment));
  if (isToken || location.search !== "") {
    history.replaceState(null, "", location.pathname + (isToken ? "#/" : location.hash));
  }
}

export const token = () => sessionStorage.getItem(KEY);

export const setToken = (value) => sessionStorage.setItem(KEY, value);

export const forgetToken = () => sessionStorage.removeItem(KEY);
