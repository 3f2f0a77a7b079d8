/* Improves the report where scripts may run; without them every link still works. */
(function () {
  "use strict";
  var byId = function (id) { return document.getElementById(id); };
  var all = function (selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); };
  var wide = window.matchMedia("(min-width: 68rem)");
  document.documentElement.classList.add("scripted");
  all("[data-script]").forEach(function (part) { part.hidden = false; });

  /* a contract can be folded away, and opens when something in it is asked for */
  function fold(contract, open) {
    var button = contract.querySelector(".fold");
    byId(contract.id + "-body").hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    button.textContent = open ? "Collapse" : "Expand";
  }
  all(".fold").forEach(function (button) {
    button.addEventListener("click", function () {
      fold(button.closest(".contract"), button.getAttribute("aria-expanded") !== "true");
    });
  });

  /* a passage lights up whole, however many pieces it is cut into */
  function light(target) {
    all(".lit, .lit-row").forEach(function (part) { part.classList.remove("lit", "lit-row"); });
    var found = /^(c\d+)-p(\d+)$/.exec(target.id);
    if (!found) { if (/-[fx]\d+$/.test(target.id)) { target.classList.add("lit-row"); } return; }
    all("mark[data-p~='" + found[2] + "']", byId(found[1])).forEach(function (mark) { mark.classList.add("lit"); });
  }
  function show(id, remember) {
    var target = byId(id);
    if (!target) { return false; }
    var contract = target.closest(".contract");
    if (contract) {
      if (target !== contract) { fold(contract, true); }
    }
    for (var details = target.closest("details"); details; details = details.parentElement.closest("details")) { details.open = true; }
    if (target.matches(".lines > li")) { target.querySelector("details").open = true; }
    if (remember) { history.pushState(null, "", "#" + id); }
    light(target);
    var pane = target.closest(".pane");
    if (pane && wide.matches) {
      var sheet = pane.closest(".sheet").getBoundingClientRect();
      if (sheet.bottom < 200 || sheet.top > window.innerHeight - 200) { pane.closest(".sheet").scrollIntoView({ block: "start" }); }
      pane.scrollTop += target.getBoundingClientRect().top - pane.getBoundingClientRect().top - pane.clientHeight / 4;
    } else {
      target.scrollIntoView({ block: "start" });
    }
    target.focus({ preventScroll: true });
    return true;
  }
  document.addEventListener("click", function (event) {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) { return; }
    var link = event.target.closest("a[href^='#']");
    if (link) {
      if (show(link.getAttribute("href").slice(1), true)) { event.preventDefault(); }
      return;
    }
    var mark = event.target.closest("mark");
    if (mark && String(window.getSelection()) === "") { answer(mark); }
  });
  /* clicking a highlight leads to what stands on it: the shortest passage under the pointer */
  function answer(mark) {
    var contract = mark.closest(".contract");
    var length = function (number) {
      return all("mark[data-p~='" + number + "']", contract).reduce(function (sum, one) { return sum + one.textContent.length; }, 0);
    };
    var numbers = mark.dataset.p.split(" ").sort(function (a, b) { return length(a) - length(b); });
    numbers.some(function (number) {
      var pin = byId(contract.id + "-p" + number);
      var next = pin;
      while (next && next.classList.contains("pin")) { next = next.nextElementSibling; }
      if (!next || !next.classList.contains("tags")) { return false; }
      show(next.querySelector("a").getAttribute("href").slice(1), true);
      light(pin);
      return true;
    });
  }

  /* from finding to finding */
  var findings = all(".finding").filter(function (one) { return !one.closest(".withheld"); });
  var current = -1;
  function step(by) {
    if (!findings.length) { return; }
    current = (current + by + findings.length) % findings.length;
    show(findings[current].id, true);
    tell();
  }
  function tell() { byId("position").textContent = findings.length ? (current < 0 ? "–" : current + 1) + " of " + findings.length : "no findings"; }
  byId("next").addEventListener("click", function () { step(1); });
  byId("previous").addEventListener("click", function () { step(current < 0 ? 0 : -1); });
  document.addEventListener("keydown", function (event) {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) { return; }
    if (event.key === "ArrowDown") { event.preventDefault(); step(1); }
    if (event.key === "ArrowUp") { event.preventDefault(); step(current < 0 ? 0 : -1); }
  });
  tell();

  byId("jump").addEventListener("change", function (event) { if (event.target.value) { show(event.target.value, true); } });

  /* the table of contracts */
  var filter = byId("filter");
  if (filter) {
    var rows = all(".contracts tbody tr");
    var sift = function () {
      var words = filter.value.trim().toLowerCase();
      var only = byId("only-look").checked;
      var left = 0;
      rows.forEach(function (row) {
        var fits = row.cells[0].textContent.toLowerCase().indexOf(words) >= 0 && (!only || row.dataset.look === "1");
        row.hidden = !fits;
        left += fits ? 1 : 0;
      });
      byId("shown").textContent = words || only ? left + " of " + rows.length + " shown" : "";
    };
    filter.addEventListener("input", sift);
    byId("only-look").addEventListener("change", sift);
  }

  function arrive() { if (/^#[\w-]+$/.test(location.hash)) { show(location.hash.slice(1), false); } }
  window.addEventListener("popstate", arrive);
  arrive();
}());
