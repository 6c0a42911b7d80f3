// What a script adds to the page of a visit: all that is noted is kept on the device as it is typed, and sent when there is network. What
// stands follows from all entries, as package visit says; the page works without this, online.
(function () {
  'use strict';

  var holder = document.getElementById('visit-data');
  if (!holder) return;
  var pack = JSON.parse(holder.getAttribute('data-pack')), words = pack.words;
  var db, device, entries = {}, photos = {}, thumbs = {}, refused = {}, digest = '', running = false, again = false, pressed = false, trouble = '', sentAt = '', ready = false, prepared = '', turn = 0;

  function byId(id) { return document.getElementById(id); }
  function all(selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); }
  function say(word) {
    var args = Array.prototype.slice.call(arguments, 1);
    return (words[word] || word).replace(/\{(\d+)(?:\|([^|{}]+)\|([^|{}]+))?\}/g, function (_, i, one, many) {
      return one === undefined ? args[i] : (Number(args[i]) === 1 ? one : many);
    });
  }
  function two(n) { return (n < 10 ? '0' : '') + n; }
  function minute(ms) {
    var d = new Date(ms);
    return d.getFullYear() + '-' + two(d.getMonth() + 1) + '-' + two(d.getDate()) + ' ' + two(d.getHours()) + ':' + two(d.getMinutes());
  }
  function clock(ms) { var d = new Date(ms); return two(d.getHours()) + ':' + two(d.getMinutes()); }
  function hex(bytes) { return Array.prototype.map.call(new Uint8Array(bytes), function (b) { return (b < 16 ? '0' : '') + b.toString(16); }).join(''); }
  function newId() { return hex(crypto.getRandomValues(new Uint8Array(16))); }
  function make(tag, text, cls) {
    var el = document.createElement(tag);
    if (text) el.textContent = text;
    if (cls) el.className = cls;
    return el;
  }

  if (!window.isSecureContext) {
    byId('visit-insecure').hidden = false;
    return;
  }

  // The device: what was noted and not sent, and what was sent since the page was drawn.
  function done(request) {
    return new Promise(function (ok, no) {
      request.onsuccess = function () { ok(request.result); };
      request.onerror = function () { no(request.error); };
    });
  }
  function openDevice() {
    var request = indexedDB.open('yz-visit', 1);
    request.onupgradeneeded = function () {
      request.result.createObjectStore('entries', {keyPath: 'id'});
      request.result.createObjectStore('photos', {keyPath: 'key'});
      request.result.createObjectStore('meta', {keyPath: 'k'});
    };
    return done(request);
  }
  function store(name, mode) { return db.transaction(name, mode).objectStore(name); }
  function write(name, value) {
    return new Promise(function (ok, no) {
      var tx = db.transaction(name, 'readwrite');
      tx.objectStore(name).put(value);
      tx.oncomplete = function () { ok(); };
      tx.onabort = tx.onerror = function () { no(tx.error); };
    });
  }
  function erase(name, key) { return done(store(name, 'readwrite').delete(key)); }

  async function load() {
    db = await openDevice();
    var meta = await done(store('meta', 'readonly').get('device'));
    device = meta ? meta.v : newId();
    if (!meta) await write('meta', {k: 'device', v: device});
    take(pack);
    for (var e of await done(store('entries', 'readonly').getAll())) {
      if (e.owner !== pack.account) continue;
      if (e.sent && entries[e.id]) await erase('entries', e.id);
      else if (!e.sent || e.of === pack.case) entries[e.id] = e;
      if (e.refused) refused[e.id] = e.refused;
    }
    for (var p of await done(store('photos', 'readonly').getAll())) {
      if (p.owner !== pack.account) continue;
      if (p.sent && pack.files[p.sha]) await erase('photos', p.key);
      else photos[p.key] = p;
      thumbs[p.sha] = p.thumb;
    }
  }

  // take learns what the server says.
  function take(p) {
    p.entries.forEach(function (e) {
      var mine = entries[e.id];
      entries[e.id] = {id: e.id, topic: e.topic, after: e.after || [], body: e.body, device: e.device, noted: e.noted, account: e.account, late: e.late, of: p.case, owner: p.account, sent: true};
      if (mine && mine.n) entries[e.id].n = mine.n;
    });
    Object.keys(p.files).forEach(function (sha) { pack.files[sha] = p.files[sha]; });
    Object.keys(p.names).forEach(function (id) { pack.names[id] = p.names[id]; });
    pack.writes = p.writes;
    pack.sends = p.sends;
  }

  // What stands of a topic: what nothing else about it names, the oldest first. What came late, or was refused, does not count.
  function headsOf(topic) {
    var named = {}, of = Object.keys(entries).map(function (id) { return entries[id]; }).filter(function (e) {
      return e.of === pack.case && e.topic === topic && !e.late && !refused[e.id];
    });
    of.forEach(function (e) { e.after.forEach(function (id) { named[id] = true; }); });
    return of.filter(function (e) { return !named[e.id]; }).sort(function (a, b) { return a.noted - b.noted || (a.id < b.id ? -1 : 1); });
  }
  function same(a, b) { return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)); }
  function sorted(b) { return b && Object.keys(b).sort().filter(function (k) { return b[k] && b[k].length; }).map(function (k) { return [k, b[k]]; }); }
  function apart(heads) { return heads.some(function (e) { return !same(e.body, heads[0].body); }); }
  function valueOf(heads) { return heads.length && !apart(heads) ? heads[0].body : null; }
  function topics(kind) {
    var found = {};
    Object.keys(entries).forEach(function (id) {
      var e = entries[id];
      if (e.of === pack.case && e.topic.indexOf(kind + ':') === 0 && !e.late) found[e.topic] = true;
    });
    return Object.keys(found).sort().filter(function (t) { var h = headsOf(t); return apart(h) || valueOf(h); });
  }
  function unsent(of) {
    return Object.keys(entries).map(function (id) { return entries[id]; }).filter(function (e) {
      return !e.sent && !refused[e.id] && (of === undefined || e.of === of);
    }).sort(function (a, b) { return a.n - b.n; });
  }
  function unsentPhotos(of) {
    return Object.keys(photos).map(function (k) { return photos[k]; }).filter(function (p) { return !p.sent && (of === undefined || p.of === of); });
  }
  function waiting() { return unsent().length + unsentPhotos().length; }

  // note adds an entry after what stands, or after what is named. One of this device about the same is replaced as long as it cannot have
  // arrived anywhere: of a sending without an answer nobody knows whether it did.
  async function note(topic, body, after) {
    var heads = headsOf(topic), before = after || heads.map(function (e) { return e.id; });
    if (!after && (heads.length ? !apart(heads) && same(heads[0].body, body) : !body)) return;
    var last = heads.length === 1 && !after && !heads[0].sent && !heads[0].tried && heads[0];
    if (last) {
      before = last.after;
      delete entries[last.id];
    }
    var e = {id: newId(), topic: topic, after: before, body: body, device: device, noted: Date.now(), account: pack.account, owner: pack.account, of: pack.case, sent: false, late: false, n: Date.now() * 1000 + (turn++ % 1000)};
    entries[e.id] = e;
    try {
      await write('entries', e);
      if (last) await erase('entries', last.id);
    } catch (err) {
      tell('not_kept');
    }
    draw();
    sync();
  }

  function tell(word, more) {
    var box = byId('visit-said'), p = make('div', '', 'yz-note yz-note-bad');
    p.appendChild(make('p', say(word, more)));
    box.textContent = '';
    box.appendChild(p);
  }

  // Sending: entries in the order in which they were noted, then photographs. What is sent twice is taken once.
  function sync() {
    if (running) {
      again = true;
      return;
    }
    running = true;
    run().catch(function () { // the device keeps no more, or something else that only a new attempt can mend
      trouble = 'waiting';
      tell('not_kept');
    }).then(function () {
      running = false;
      line();
      if (again) {
        again = false;
        sync();
      }
    });
  }
  async function ask(path, body, type) {
    var answer;
    try {
      answer = await fetch(path, {method: 'POST', body: body, headers: {'Content-Type': type}, credentials: 'same-origin', redirect: 'manual', cache: 'no-store'});
    } catch (err) {
      trouble = 'offline';
      return null;
    }
    if (answer.type === 'opaqueredirect' || answer.status === 401) trouble = 'sign_in';
    else if (answer.status === 409) trouble = 'other_account';
    else if (answer.status === 403 || answer.status === 404) trouble = 'gone';
    else if (!answer.ok) trouble = 'waiting';
    else return answer;
    return answer.status === 422 || answer.status === 400 || answer.status === 413 ? answer : null;
  }
  async function run() {
    trouble = '';
    if (!navigator.onLine && !pressed) {
      trouble = 'offline';
      return;
    }
    pressed = false;
    var cases = {};
    if (pack.case && pack.sends) cases[pack.case] = true;
    unsent().forEach(function (e) { cases[e.of] = true; });
    unsentPhotos().forEach(function (p) { cases[p.of] = true; });
    for (var of of Object.keys(cases)) {
      if (!await runCase(Number(of)) && trouble !== 'gone') break;
    }
    if (!trouble && !waiting()) sentAt = clock(Date.now());
    draw();
    if (!trouble && prepared !== digest) prepare();
  }
  async function runCase(of) {
    line();
    for (var first = true; first || unsent(of).length; first = false) {
      var some = unsent(of).slice(0, 50);
      for (var one of some) {
        if (one.tried) continue;
        one.tried = true;
        await write('entries', one);
      }
      var answer = await ask('/visits/' + of + '/entries', JSON.stringify({account: pack.account, entries: some.map(function (e) {
        return {id: e.id, topic: e.topic, after: e.after, body: e.body, device: e.device, noted: e.noted};
      })}), 'application/json');
      if (!answer || !answer.ok) {
        if (trouble === 'gone' && of === pack.case && !some.length) forgetPage();
        return false;
      }
      var said = await answer.json();
      for (var r of said.refused) {
        refused[r.id] = r.why;
        var bad = entries[r.id];
        if (bad) {
          bad.refused = r.why;
          await write('entries', bad);
        }
        tell('refused', r.why);
      }
      for (var e of some) {
        if (refused[e.id]) continue;
        e.sent = true;
        await write('entries', e);
      }
      if (said.pack && of === pack.case) {
        take(said.pack);
        digest = said.digest;
      }
      if (!said.pack || some.some(function (e) { return entries[e.id] && entries[e.id].late; })) tell('late_kept');
      line();
    }
    for (var p of unsentPhotos(of)) {
      var got = await ask('/visits/' + of + '/photos/' + p.sha, p.blob, p.blob.type);
      if (!got) return false;
      if (!got.ok) {
        trouble = '';
        tell('refused', p.name);
        p.blob = null;
        p.failed = true;
      }
      p.sent = true;
      p.blob = null;
      await write('photos', p);
      again = true; // what the server says of it comes with the next
      line();
    }
    return true;
  }
  function forgetPage() {
    if (!navigator.serviceWorker || !navigator.serviceWorker.controller) return;
    var channel = new MessageChannel();
    navigator.serviceWorker.controller.postMessage({do: 'forget', page: location.pathname}, [channel.port2]);
  }

  // The line at the top, and for every page of the site how much is left.
  function line() {
    var n = waiting(), text;
    try { localStorage.setItem('yz-visit-unsent', String(n)); } catch (err) { /* nothing is kept there */ }
    if (trouble === 'sign_in' || trouble === 'other_account' || trouble === 'gone') text = say(trouble) + ' ' + say('waiting', n);
    else if (trouble === 'offline' || !navigator.onLine) text = say('offline', n);
    else if (running && n) text = say('sending', n);
    else if (n) text = say('waiting', n);
    else if (sentAt) text = say('all_sent', sentAt);
    else text = say('online');
    if (ready) text += ' · ' + say('offline_ready');
    var p = byId('visit-state');
    if (p.textContent !== text) p.textContent = text;
    if (trouble === 'sign_in') {
      var a = make('a', '→');
      a.href = '/sign-in?next=' + encodeURIComponent(location.pathname);
      a.setAttribute('aria-label', say('sign_in'));
      p.appendChild(make('span', ' '));
      p.appendChild(a);
    }
    byId('visit-line').hidden = !!pack.case && !pack.sends && !n;
    byId('visit-line').className = 'yz-visit-line' + (n ? ' yz-visit-left' : '');
    byId('visit-line').setAttribute('data-left', String(n));
  }

  // Drawing.
  function head(e) {
    return say('noted', pack.names[e.account] || '', minute(e.noted)) + (e.sent ? '' : ' · ' + say('pending'));
  }
  function textOf(topic, b) {
    if (!b) return say('removed');
    var field = topic.split(':')[1];
    if (b.value) return pack.choices[field + '=' + b.value] || b.value;
    return [b.title, b.seen, b.gap, b.advice, b.text, b.name].filter(Boolean).join(' · ');
  }
  function button(text, cls, press) {
    var b = make('button', text, cls);
    b.type = 'button';
    b.addEventListener('click', press);
    return b;
  }
  function stands(box, topic) {
    var heads = headsOf(topic);
    box.textContent = '';
    if (apart(heads)) box.appendChild(make('p', say('conflict'), 'yz-err'));
    else if (valueOf(heads)) {
      var p = make('p', head(heads[0]) + ' ', 'yz-small yz-quiet');
      if (pack.writes) {
        var b = button(say('take_back'), 'yz-link', function () { note(topic, null); });
        b.setAttribute('aria-label', say('take_back') + ' ' + (pack.labels[topic] || textOf(topic, heads[0].body)));
        p.appendChild(b);
      }
      box.appendChild(p);
    }
  }
  function inputsOf(q) { return all('[name^="a."]', q); }
  function typed(q) {
    var value = '';
    inputsOf(q).forEach(function (i) { if (i.type !== 'radio' || i.checked) value = i.value; });
    return value.trim();
  }
  function drawAnswers() {
    all('#visit-form [data-topic]').forEach(function (q) {
      var topic = q.getAttribute('data-topic'), box = q.querySelector('.yz-visit-stands');
      if (!box) return;
      var body = valueOf(headsOf(topic)), value = body ? body.value : '';
      if (!q.hasAttribute('data-typing')) {
        inputsOf(q).forEach(function (i) {
          if (i.type === 'radio') i.checked = i.value === value;
          else if (i.value !== value) i.value = value;
        });
      }
      stands(box, topic);
    });
  }
  function drawUnanswered() {
    var n = 0;
    all('[data-unanswered]').forEach(function (li) {
      li.hidden = !!valueOf(headsOf('answer:' + li.getAttribute('data-unanswered')));
      if (!li.hidden) n++;
    });
    if (byId('visit-unanswered')) byId('visit-unanswered').textContent = say('unanswered', n);
  }
  function conflicts() {
    var found = {};
    Object.keys(entries).forEach(function (id) { if (entries[id].of === pack.case) found[entries[id].topic] = true; });
    return Object.keys(found).sort().filter(function (t) { return apart(headsOf(t)); });
  }
  function drawConflicts() {
    var box = byId('visit-conflicts');
    box.textContent = '';
    conflicts().forEach(function (topic) {
      var heads = headsOf(topic), part = make('section', '', 'yz-note yz-note-bad'), list = make('ul'), p = make('p');
      p.appendChild(make('strong', say('conflict') + ' ' + (pack.labels[topic] || '')));
      part.setAttribute('data-conflict', topic);
      part.appendChild(p);
      heads.forEach(function (e) {
        var li = make('li', textOf(topic, e.body) + ' ');
        li.appendChild(make('span', head(e) + ' ', 'yz-quiet yz-small'));
        if (pack.writes) {
          li.appendChild(button(say('keep_this'), 'yz-btn yz-btn-small', function () {
            note(topic, e.body, headsOf(topic).map(function (x) { return x.id; }));
          }));
        }
        list.appendChild(li);
      });
      part.appendChild(list);
      box.appendChild(part);
    });
  }
  function picture(sha, into) {
    if (thumbs[sha]) {
      var img = make('img', '', 'yz-visit-thumb');
      img.src = thumbs[sha];
      img.alt = say('photo');
      into.appendChild(img);
    }
    if (pack.files[sha]) {
      var a = make('a', say('photo'));
      a.href = pack.files[sha];
      into.appendChild(a);
    } else if (!thumbs[sha]) {
      into.appendChild(make('span', say('no_photo'), 'yz-badge yz-badge-warn'));
    }
  }
  function thing(topic) {
    var box = make('div', '', 'yz-box'), heads = headsOf(topic), b = valueOf(heads) || {}, foot = make('div');
    box.setAttribute('data-thing', topic);
    box.appendChild(make('p', textOf(topic, valueOf(heads) || heads[0].body), 'yz-lines'));
    if (topic.indexOf('photo:') === 0) {
      var sha = topic.slice(6);
      picture(sha, box);
      if (b.field) box.appendChild(make('p', say('photo_of', pack.labels['answer:' + b.field] || b.field), 'yz-small'));
    }
    stands(foot, topic);
    box.appendChild(foot);
    return box;
  }
  function finding(topic) {
    var box = make('div', '', 'yz-box'), heads = headsOf(topic), b = valueOf(heads), foot = make('div');
    box.setAttribute('data-thing', topic);
    if (!b) {
      box.appendChild(make('p', say('conflict'), 'yz-err'));
      return box;
    }
    var p = make('p');
    p.appendChild(make('strong', b.title));
    box.appendChild(p);
    [['part', pack.sections[b.part]], ['seen', b.seen], ['gap', b.gap], ['advice', b.advice]].forEach(function (x) {
      if (x[1]) box.appendChild(make('p', say(x[0]) + ': ' + x[1], 'yz-lines'));
    });
    (b.photos || []).forEach(function (sha) { picture(sha, box); });
    stands(foot, topic);
    if (pack.writes) foot.appendChild(button(say('edit'), 'yz-btn yz-btn-small', function () { edit(topic, b); }));
    box.appendChild(foot);
    return box;
  }
  function fill(id, kind, draw) {
    var box = byId(id);
    if (!box) return;
    box.textContent = '';
    topics(kind).forEach(function (t) { box.appendChild(draw(t)); });
  }
  function draw() {
    if (pack.case) {
      drawAnswers();
      drawUnanswered();
      drawConflicts();
      fill('findings', 'finding', finding);
      fill('photos', 'photo', thing);
      fill('notes', 'note', thing);
    }
    line();
  }

  // A finding is typed into the form for a new one, also when it is changed.
  function edit(topic, b) {
    var f = document.querySelector('#finding-new form');
    byId('finding-new').open = true;
    f.setAttribute('data-finding', topic);
    ['title', 'part', 'seen', 'gap', 'advice'].forEach(function (k) { f.elements[k].value = b[k] || ''; });
    f.elements.photos.value = (b.photos || []).join(' ');
    f.elements.title.focus();
  }
  async function saveFinding(f) {
    var topic = f.getAttribute('data-finding') || 'finding:' + newId(), b = {};
    ['title', 'part', 'seen', 'gap', 'advice'].forEach(function (k) { if (f.elements[k].value.trim()) b[k] = f.elements[k].value.trim(); });
    var taken = f.elements.photos.value.split(' ').filter(Boolean);
    for (var file of Array.prototype.slice.call(f.elements.photo.files)) {
      var sha = await addPhoto(file, '');
      if (sha) taken.push(sha);
    }
    if (taken.length) b.photos = taken;
    await note(topic, b);
    f.reset();
    f.elements.photos.value = '';
    f.setAttribute('data-finding', '');
    byId('finding-new').open = false;
  }

  // Photographs are made smaller on the device: 2000 pixels are enough to read a name plate.
  var SIDE = 2000, THUMB = 240;
  async function scaled(image, side, quality) {
    var by = Math.min(1, side / Math.max(image.width, image.height)), canvas = make('canvas');
    canvas.width = Math.max(1, Math.round(image.width * by));
    canvas.height = Math.max(1, Math.round(image.height * by));
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
    return {canvas: canvas, blob: await new Promise(function (ok) { canvas.toBlob(ok, 'image/jpeg', quality); })};
  }
  async function addPhoto(file, field) {
    var image;
    try {
      image = await createImageBitmap(file);
    } catch (err) {
      tell('refused', file.name);
      return '';
    }
    var blob = (await scaled(image, SIDE, 0.85)).blob, small = await scaled(image, THUMB, 0.7);
    var sha = hex(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
    var p = {key: pack.account + '/' + pack.case + '/' + sha, owner: pack.account, of: pack.case, sha: sha, name: file.name, blob: blob, thumb: small.canvas.toDataURL('image/jpeg', 0.7), sent: !!pack.files[sha]};
    thumbs[sha] = p.thumb;
    try {
      await write('photos', p);
    } catch (err) {
      tell('not_kept');
    }
    photos[p.key] = p;
    var b = {name: (file.name || sha.slice(0, 12)).replace(/\.[^.]*$/, '').slice(0, 190) + '.jpg'};
    if (field) b.field = field;
    await note('photo:' + sha, b);
    return sha;
  }

  // The page's own forms, taken over.
  function question(el) { return el.closest && el.closest('#visit-form [data-topic]'); }
  var timers = {};
  function settle(q) {
    var topic = q.getAttribute('data-topic'), value = typed(q);
    clearTimeout(timers[topic]);
    q.removeAttribute('data-typing');
    if (!value && apart(headsOf(topic))) return;
    note(topic, value ? {value: value} : null);
  }
  document.addEventListener('input', function (e) {
    var q = question(e.target);
    if (!q) return;
    q.setAttribute('data-typing', '');
    clearTimeout(timers[q.getAttribute('data-topic')]);
    timers[q.getAttribute('data-topic')] = setTimeout(settle, 800, q);
  });
  document.addEventListener('change', function (e) {
    var q = question(e.target);
    if (q) settle(q);
  });
  document.addEventListener('submit', function (e) {
    var f = e.target;
    if (!db || !f.closest || !f.closest('#visit') || f.hasAttribute('data-overdue')) return;
    if (f.id === 'hand-in-form') {
      all('#visit-form [data-typing]').forEach(settle);
      if (waiting() || running || conflicts().length || !digest) {
        e.preventDefault();
        tell(conflicts().length ? 'choose' : 'send_first');
        sync();
        return;
      }
      f.elements.seen.value = digest;
      return;
    }
    e.preventDefault();
    if (f.id === 'visit-form') {
      all('#visit-form [data-topic]').forEach(function (q) { if (q.hasAttribute('data-typing')) settle(q); });
      sync();
    } else if (f.id === 'note-form') {
      var text = f.elements.text.value.trim();
      if (text) note('note:' + newId(), {text: text});
      f.reset();
    } else if (f.id === 'photo-form') {
      var files = Array.prototype.slice.call(f.elements.photo.files), field = f.elements.field.value;
      files.reduce(function (before, file) { return before.then(function () { return addPhoto(file, field); }); }, Promise.resolve()).then(function () { f.reset(); });
    } else if (f.hasAttribute('data-finding')) {
      saveFinding(f);
    }
  });
  document.addEventListener('click', function (e) {
    var told = e.target.closest && e.target.closest('[data-told]'), q = told && question(told);
    if (q && db) {
      inputsOf(q).forEach(function (i) {
        if (i.type === 'radio') i.checked = i.value === told.getAttribute('data-told');
        else i.value = told.getAttribute('data-told');
      });
      settle(q);
      return;
    }
    var b = e.target.closest && e.target.closest('[data-photo]');
    if (!b || !db) return;
    byId('photo-field').value = b.getAttribute('data-photo');
    byId('photo-file').click();
  });
  document.addEventListener('visibilitychange', function () {
    if (!db) return;
    if (document.visibilityState === 'hidden') all('#visit-form [data-typing]').forEach(settle);
    else sync();
  });

  // The page as it stands now is kept for when there is no network; until it is, the device keeps what was sent.
  async function prepare() {
    if (!navigator.serviceWorker || !pack.case) return;
    prepared = digest;
    var reg = await navigator.serviceWorker.register('/visits/sw.js', {scope: '/visits/'});
    reg = await navigator.serviceWorker.ready;
    var channel = new MessageChannel();
    channel.port1.onmessage = function (e) {
      ready = e.data === true || !navigator.onLine;
      document.documentElement.setAttribute('data-visit-ready', String(ready));
      line();
    };
    reg.active.postMessage({
      do: 'prepare', page: location.pathname, account: pack.account,
      assets: all('link[rel="stylesheet"], link[rel="icon"]').map(function (l) { return l.getAttribute('href'); }).concat(all('script[src]').map(function (s) { return s.getAttribute('src'); }))
    }, [channel.port2]);
  }

  load().then(async function () {
    all('[data-photo], [data-told]').forEach(function (b) { b.hidden = false; });
    byId('visit-send').addEventListener('click', function () {
      pressed = true;
      sync();
    });
    window.addEventListener('online', sync);
    window.addEventListener('offline', line);
    setInterval(function () { if (waiting()) sync(); }, 30000);
    draw();
    sync();
    document.documentElement.setAttribute('data-visit', 'on');
    if (!navigator.onLine) await prepare();
  }).catch(function () {
    byId('visit-line').hidden = false;
    if (!db) tell('not_kept');
  });
})();
