/* The state of the page in its address, so that a link restores the view. Every part of the page says what of it differs
   from where the page starts, and reads what it knows of an address. */
"use strict";

const Address = (() => {
  const parts = [];
  const note = document.getElementById("address-note");

  /* A part has `told()`, pairs of names and values; and `show(told)`, which returns what was not understood, a line each. */
  const add = (part) => parts.push(part);

  const isState = () => location.hash.startsWith("#?");

  const told = () => parts.flatMap((part) => part.told());

  const current = () => `#?${new URLSearchParams(told())}`;

  let written = null; // the browser takes milliseconds to write an address
  function write() {
    const next = current();
    if (next !== written) history.replaceState(null, "", (written = next));
  }

  /* Show the state in the address, all of the page as it starts where there is none. */
  function read() {
    const told = new Map(isState() ? new URLSearchParams(location.hash.slice(2)) : []);
    const known = new Set(parts.flatMap((part) => part.names));
    const others = [...told.keys()].filter((name) => !known.has(name)).map((name) => name.slice(0, 40));
    const faults = parts.flatMap((part) => part.show(told));
    if (others.length) faults.unshift(`The address sets ${others.join(", ")}, which this page does not have.`);
    note.textContent = faults.join(" ");
    note.hidden = !faults.length;
  }

  function start() {
    read();
    addEventListener("hashchange", () => {
      written = null;
      if (isState()) read();
    });
  }

  /* A line about a value that a list of choices does not have. */
  function unknown(name, value, allowed) {
    const some = allowed.slice(0, 6).join(", ");
    return `${name}: found ${value.slice(0, 40)} in the address; allowed: ${some}${allowed.length > 6 ? ", ..." : ""}.`;
  }

  return { add, start, told, write, unknown };
})();
