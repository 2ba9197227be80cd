// Asks for the photos while the modules of the page are still on their way: the worst ones first,
// where no threshold was set by hand.
const path = sessionStorage.getItem("thresholds")?.length > 2 ? "/api/library" : "/api/library?first";
globalThis.firstLibrary = { path, answer: fetch(`.${path}`, { credentials: "same-origin", cache: "no-store" }) };
globalThis.firstLibrary.answer.catch(() => {}); // Who awaits it learns of it.
