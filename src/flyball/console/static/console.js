// Shortcuts and news. Every page works without this; nothing is sent anywhere but to the console itself.
"use strict";
(() => {
  const typing = (at) => at && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) && !/^(radio|checkbox|button|submit)$/.test(at.type));
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const go = (where) => { const link = document.querySelector(where); if (link) { link.click(); } };
  let at = -1;
  let first = "";

  const move = (by) => {
    const all = rows();
    if (!all.length) { return; }
    const held = all.findIndex((one) => one.contains(document.activeElement));
    at = Math.min(all.length - 1, Math.max(0, (held >= 0 ? held : at) + by));
    all.forEach((one, place) => one.classList.toggle("now", place === at));
    const target = all[at].querySelector("a, input, button") || all[at];
    target.focus({ preventScroll: true });
    all[at].scrollIntoView({ block: "nearest" });
  };

  const choose = (number) => {
    const all = rows();
    const row = all.find((one) => one.contains(document.activeElement)) || all[at];
    const choices = row ? [...row.querySelectorAll("input[type=radio]")] : [];
    if (choices[number - 1]) { choices[number - 1].checked = true; choices[number - 1].focus(); }
  };

  const unanswered = () => {
    const row = rows().find((one) => one.querySelector("input[type=radio]") && !one.querySelector("input[type=radio]:checked"))
      || rows().find((one) => [...one.querySelectorAll("input, textarea")].some((each) => each.required && !each.value));
    if (row) { at = rows().indexOf(row); move(0); }
  };

  const after = { g: { h: "a.brand", o: '[data-page="overview"]', d: '[data-page="decisions"]', r: '[data-page="review"]', a: '[data-page="alerts"]', l: '[data-page="releases"]' } };
  const alone = {
    "/": () => document.getElementById("find")?.focus(),
    "?": () => { location.href = "/keyboard"; },
    j: () => move(1),
    k: () => move(-1),
    a: unanswered,
    c: () => go('button[data-key="c"]'),
    n: () => go('.pager a[rel="next"]'),
    p: () => go('.pager a[rel="prev"]'),
  };

  document.addEventListener("keydown", (event) => {
    if (document.body.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey) { return; }
    if (typing(document.activeElement)) {
      if (event.key === "Escape") { document.activeElement.blur(); }
      return;
    }
    const next = after[first]?.[event.key];
    first = after[event.key] && !next ? event.key : "";
    if (next) { event.preventDefault(); go(next); return; }
    if (/^[1-9]$/.test(event.key)) { choose(Number(event.key)); return; }
    if (alone[event.key]) { event.preventDefault(); alone[event.key](); }
  });

  const here = document.querySelector(".menu > ul a[aria-current]");
  const row = here?.closest("ul");
  if (row) { row.scrollLeft = here.offsetLeft - (row.clientWidth - here.clientWidth) / 2; } // the menu of a phone

  const main = document.querySelector("main[data-live]");
  if (main) {
    let paused = false;
    let silent = false;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    const say = () => { button.textContent = paused ? "Look for news again" : silent ? "No answer; still looking. Stop" : "Stop looking for news"; };
    button.addEventListener("click", () => { paused = !paused; say(); });
    say();
    document.querySelector(".end p")?.append(" ", button);
    const named = (one) => one.querySelector("summary")?.textContent.trim();
    const linked = (row) => row.querySelector("a")?.getAttribute("href");
    const keep = (fresh) => { // what was opened, where one was and what was just said stay as they are
      const opened = new Map([...main.querySelectorAll("details")].map((one) => [named(one), one.open]));
      fresh.querySelectorAll("details").forEach((one) => { if (opened.has(named(one))) { one.open = opened.get(named(one)); } });
      const now = main.querySelector("[data-row].now");
      if (now) { [...fresh.querySelectorAll("[data-row]")].find((one) => linked(one) === linked(now))?.classList.add("now"); }
      const said = main.querySelector(".said");
      if (said) { fresh.prepend(said.cloneNode(true)); }
    };
    const look = async () => {
      const busy = document.activeElement;
      if (paused || document.hidden || (main.contains(busy) && !busy.matches(".said"))) { return; }
      try {
        const reply = await fetch(location.href, { credentials: "same-origin", redirect: "error" });
        silent = !reply.ok;
        say();
        if (silent) { return; }
        const fresh = new DOMParser().parseFromString(await reply.text(), "text/html").querySelector("main");
        if (fresh) { keep(fresh); }
        if (fresh && fresh.innerHTML !== main.innerHTML) { main.replaceChildren(...fresh.childNodes); }
      } catch { silent = true; say(); }
    };
    const again = () => { // what is being worked out is asked for sooner
      const seconds = main.querySelector("[data-coming]") ? 2 : Number(main.dataset.live);
      setTimeout(() => { look().finally(again); }, 1000 * seconds);
    };
    again();
  }
})();
