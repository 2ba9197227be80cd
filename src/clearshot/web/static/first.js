// Asks for the photos while the modules of the page are still on their way: the worst ones first,
// where no threshold was set by hand. Those are kept for this run: the next one may show another library.
globalThis.thresholdsKey = `thresholds ${location.pathname}`;
const path = sessionStorage.getItem(globalThis.thresholdsKey)?.length > 2 ? "/api/library" : "/api/library?first";
globalThis.firstLibrary = { path, answer: fetch(`.${path}`, { credentials: "same-origin", cache: "no-store" }) };
globalThis.firstLibrary.answer.catch(() => {}); // Who awaits it learns of it.
