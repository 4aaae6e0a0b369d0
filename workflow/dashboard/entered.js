/* What readers type: numbers as people write them, and one line where it is not what is allowed. */
"use strict";

const Entered = (() => {
  const SIZES = { "": 1, k: 1e3, thousand: 1e3, m: 1e6, million: 1e6, b: 1e9, bn: 1e9, billion: 1e9, t: 1e12, trillion: 1e12 };
  const GROUPED = /^\d{1,3}(?:,\d{3})+(?!\d)/; // 50,000,000
  const WRITTEN = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([a-z]*)$/i;

  /* 50M, 5e7, 50 000 000, 50,000,000 as a number; NaN where a text is none. */
  function number(text) {
    const plain = text.trim().replace(/(\d)[\s_'\u2019](?=\d)/g, "$1");
    const found = WRITTEN.exec(plain.replace(GROUPED, (digits) => digits.replaceAll(",", "")));
    const word = found?.[2].toLowerCase();
    return found && Object.hasOwn(SIZES, word) ? Number(found[1]) * SIZES[word] : NaN;
  }

  const labelOf = (field) => field.closest("label").firstChild.textContent.trim();

  /* The number in a field, null if it is empty; and what is wrong with it, or null. Its range is in its attributes. */
  function read(field, required = false) {
    const { value: text, dataset } = field;
    const [least, most] = [Number(dataset.least), Number(dataset.most)];
    const empty = text.trim() === "";
    const value = empty ? null : number(text);
    const good = empty ? !required : value >= least && value <= most;
    const fault = good ? null : `${labelOf(field)}: found ${empty ? "nothing" : text}; allowed: ${Readable.plain(least)} to ${Readable.plain(most)}.`;
    field.setCustomValidity(fault ?? "");
    return { value, fault };
  }

  return { number, read, labelOf };
})();
