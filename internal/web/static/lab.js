// The laboratory: while the hand is on a slider the figures follow. One question is under way at a time; what was moved
// meanwhile goes with the next one, and only that. Once the hand rests, the rest of the page is asked for.
(function () {
  'use strict';
  var form = document.querySelector('form[data-lab]');
  if (!form || !window.fetch || !window.AbortController) return;

  var asking = null;    // the question under way: {stop, moving}
  var moved = false;    // something was moved since it was asked
  var timer = 0;        // of the question that comes once the hand rests, or of the next look at slow work
  var rest = 350;       // ms without a move
  var kept = address(); // what the newest entry of the history holds
  var last = { field: null, at: 0 };

  // What differs from the policy in force, as an address.
  function address() {
    var out = new URLSearchParams();
    for (var i = 0; i < form.elements.length; i++) {
      var el = form.elements[i];
      if (!el.name || el.disabled || el.type === 'submit' || el.type === 'button') continue;
      if (el.type === 'checkbox' ? !el.checked : el.value === '' || el.value === el.getAttribute('data-law')) continue;
      out.append(el.name, el.value);
    }
    return out.toString();
  }
  function here(query) { return form.getAttribute('action') + (query ? '?' + query : ''); }

  function ask(moving) {
    clearTimeout(timer);
    if (asking && (asking.moving || !moving)) {
      moved = true;
      return;
    }
    if (asking) asking.stop.abort(); // the rest of the page can wait
    var mine = asking = { stop: new AbortController(), moving: moving };
    moved = false;
    var headers = { 'HX-Request': 'true' };
    if (moving) headers['Lab-Moving'] = '1';
    fetch(here(address()), { headers: headers, credentials: 'same-origin', signal: mine.stop.signal }).then(function (res) {
      var to = res.headers.get('HX-Redirect');
      if (to) location.href = to;
      return res.text();
    }).then(function (html) {
      if (mine === asking) answered(html, moving);
    }).catch(function (err) {
      if (mine !== asking) return;
      asking = null;
      if (err.name !== 'AbortError') say(form.getAttribute('data-lost'));
    });
  }

  function answered(html, moving) {
    asking = null;
    var on = moved;
    if (on) ask(true); // the server works while this answer is drawn
    var again = draw(html);
    if (on) return;
    if (again) timer = setTimeout(ask, again, moving);
    else if (moving) timer = setTimeout(ask, rest, false);
  }

  function say(text) {
    var box = document.getElementById('lab-note');
    if (!box) return;
    box.textContent = text;
    box.hidden = !text;
  }

  // Each part of the answer is written into the one with its id.
  function draw(html) {
    var box = document.createElement('template'), again = 0;
    box.innerHTML = html;
    var wrong = form.querySelectorAll('.yz-err[id]');
    for (var w = 0; w < wrong.length; w++) mark(wrong[w], '');
    say('');
    var parts = Array.prototype.slice.call(box.content.children);
    for (var i = 0; i < parts.length; i++) {
      var part = parts[i], old = part.id && document.getElementById(part.id);
      if (part.hasAttribute('data-again')) again = Number(part.getAttribute('data-again'));
      if (part.classList.contains('yz-err') && old) mark(old, part.textContent);
      else if (old) write(old, part);
      else say(part.textContent.trim());
    }
    document.dispatchEvent(new CustomEvent('yz:drawn'));
    return again;
  }
  function mark(line, text) {
    line.textContent = text;
    var field = document.getElementById(line.id.replace(/-error$/, ''));
    if (!field) return;
    if (text) field.setAttribute('aria-invalid', 'true');
    else field.removeAttribute('aria-invalid');
  }
  // What moved is changed where it stands, so that the browser lays out and paints nothing else; what is built otherwise takes the
  // place of what stood there. Boxes that somebody opened stay open.
  function write(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || old.id !== fresh.id || old.childNodes.length !== fresh.childNodes.length) {
      if (old.nodeType === 1 && fresh.nodeType === 1) replace(old, fresh);
      else old.replaceWith(fresh);
      return;
    }
    if (old.nodeType !== 1) {
      old.nodeValue = fresh.nodeValue;
      return;
    }
    var i, kept = old.nodeName === 'DETAILS' ? 'open' : '', had = Array.prototype.slice.call(old.attributes);
    for (i = 0; i < had.length; i++) {
      if (had[i].name !== kept && !fresh.hasAttribute(had[i].name)) old.removeAttribute(had[i].name);
    }
    for (i = 0; i < fresh.attributes.length; i++) {
      var a = fresh.attributes[i];
      if (a.name !== kept && old.getAttribute(a.name) !== a.value) old.setAttribute(a.name, a.value);
    }
    var was = Array.prototype.slice.call(old.childNodes), is = Array.prototype.slice.call(fresh.childNodes);
    for (i = 0; i < was.length; i++) write(was[i], is[i]);
  }
  // The boxes that were open within stay open, and the focus stays.
  function replace(old, fresh) {
    var open = old.querySelectorAll('details[id]'), focus = old.contains(document.activeElement) && document.activeElement.id;
    old.replaceWith(fresh);
    for (var i = 0; i < open.length; i++) {
      var same = document.getElementById(open[i].id);
      if (same) same.open = open[i].open;
    }
    if (focus && document.getElementById(focus)) document.getElementById(focus).focus({ preventScroll: true });
  }

  // What stands elsewhere than in force is marked, with a way back.
  function marks() {
    var groups = form.querySelectorAll('details[data-group]');
    for (var g = 0; g < groups.length; g++) {
      var dials = groups[g].querySelectorAll('[data-dial]'), n = 0;
      for (var d = 0; d < dials.length; d++) {
        var field = dials[d].querySelector('[data-law]'), reset = dials[d].querySelector('[name=reset]');
        var other = field.type === 'checkbox' ? field.checked : field.value.trim() !== field.getAttribute('data-law');
        if (other) n++;
        dials[d].classList.toggle('yz-moved', other);
        if (reset) reset.hidden = !other;
      }
      var count = groups[g].querySelector('[data-count]');
      count.textContent = count.getAttribute('data-count').replace('{0}', n);
      count.hidden = n === 0;
    }
  }

  document.addEventListener('input', function (e) { // after the slider has moved its box
    if (e.target.form !== form || !e.target.name && !e.target.hasAttribute('data-pair')) return;
    marks();
    ask(true);
  });

  // A move that is done is a step that the browser's back button takes back.
  document.addEventListener('change', function (e) {
    if (e.target.form !== form) return;
    var now = address(), soon = last.field === e.target && Date.now() - last.at < 1500;
    if (now !== kept) history[soon ? 'replaceState' : 'pushState'](null, '', here(now));
    kept = now;
    last = { field: e.target, at: Date.now() };
  });
  window.addEventListener('popstate', function () {
    var asked = new URLSearchParams(location.search);
    for (var i = 0; i < form.elements.length; i++) {
      var el = form.elements[i];
      if (!el.name || el.type === 'hidden' || el.type === 'submit') continue;
      if (el.type === 'checkbox') el.checked = asked.getAll(el.name).indexOf(el.value) >= 0;
      else el.value = asked.get(el.name) || el.getAttribute('data-law') || '';
      if (el.hasAttribute('data-pair')) el.dispatchEvent(new Event('input', { bubbles: true })); // its slider follows
    }
    kept = address();
    marks();
    ask(true);
  });

  form.addEventListener('click', function (e) {
    var reset = e.target.closest('button[name=reset]');
    var field = reset && document.getElementById(reset.value);
    if (!field) return;
    e.preventDefault();
    field.value = field.getAttribute('data-law');
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.dispatchEvent(new Event('change', { bubbles: true }));
    field.focus();
  });

  marks();
  var slow = document.querySelector('[data-again]');
  if (slow) timer = setTimeout(ask, Number(slow.getAttribute('data-again')), false);
})();
