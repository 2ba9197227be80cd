// Asks for the photos while the modules of the page are still on their way.
globalThis.firstLibrary = fetch("/api/library", { credentials: "same-origin", cache: "no-store" });
globalThis.firstLibrary.catch(() => {}); // Who awaits it learns of it.
