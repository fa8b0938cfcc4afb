// Long work gives way to what the reader does, and drawing is done once a frame.

let since = performance.now();

/** Returns at once while the browser had time for the page lately; else lets it have some. */
export async function breathe() {
  if (performance.now() - since < 8) return;
  await new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(null);
  });
  since = performance.now();
}

/** The next frame; a page that is not shown has none, so that time goes on for it otherwise. */
export function nextFrame() {
  return new Promise((done) => {
    if (document.hidden) setTimeout(done, 200);
    else {
      const timer = setTimeout(done, 200);
      requestAnimationFrame(() => {
        clearTimeout(timer);
        done();
      });
    }
  });
}
