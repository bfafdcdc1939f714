'use strict';
(() => {
const $ = id => document.getElementById(id), every = (selector, f) => document.querySelectorAll(selector).forEach(f);
const make = (name, props, ...children) => {
  const node = Object.assign(document.createElement(name), props);
  node.append(...children);
  return node;
};
const button = (props, text) => make('button', {type: 'button', ...props}, text);
const index = JSON.parse($('index').textContent), kinds = index.kinds;
const count = n => n.toLocaleString('en');
// Control characters and changes of direction are shown as escapes.
const clean = text => text.replace(/[^\P{C}]|[\u2028\u2029]/gu, c => '\\u' + c.codePointAt(0).toString(16).padStart(4, '0'));
const show = value => clean(value == null ? '' : typeof value === 'string' ? value
  : Array.isArray(value) && value.every(v => typeof v !== 'object') ? value.join(', ') : JSON.stringify(value));

async function inflate(id) {
  const bytes = Uint8Array.from(atob($(id).textContent), c => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return JSON.parse(await new Response(stream).text());
}
const tables = {}, blocks = {};
const load = kind => tables[kind] ??= inflate('t:' + kind).then(({columns}) => {
  const facts = kinds[kind], by = {};
  const all = columns.map(({n, h, d, i, v, s}) => ({name: n, hidden: h, few: d, values: by[n] = d ? i.map(at => d[at]) : v || s, short: s}));
  // Names lack the name of their zone.
  for (const c of all) if (c.short) c.values = by[c.name] = c.short.map((text, i) =>
    text.endsWith('\x01') ? text.slice(0, -1) + (text[1] ? '.' : '') + by[facts.parent][i] : text);
  return {...facts, kind, all, by, shown: all.filter(c => !c.hidden), ref: row => {
    const key = facts.key ? by[facts.key][row] : '';
    return facts.parent ? by[facts.parent][row] + '/' + key : String(key);
  }};
});
const detail = ({kind}, row, id = `t:${kind}:${row / 1000 | 0}`) => (blocks[id] ??= inflate(id)).then(rows => rows[row % 1000]);
// What a search looks into: the texts of a row, in lower case.
const texts = table => table.texts ??= Array.from({length: table.count}, (_, row) =>
  table.all.map(c => show(c.values[row])).join('\n').toLowerCase());
const loadAll = async () => {
  const all = await Promise.all(Object.keys(kinds).map(load));
  all.forEach(texts);
  return all;
};

let state, table, order = [];
function read() {
  const [kind, query] = location.hash.slice(1).split('?');
  state = {kind: kinds[kind] ? kind : '', q: '', sort: '', item: '', filters: []};
  for (const [name, value] of new URLSearchParams(query)) {
    if (['q', 'sort', 'item'].includes(name)) state[name] = value;
    else state.filters.push([name, value]);
  }
}
function set(change) {
  Object.assign(state, change);
  const query = new URLSearchParams(state.filters);
  for (const name of ['q', 'sort', 'item']) if (state[name]) query.set(name, state[name]);
  history.replaceState(null, '', `#${state.kind}${query.size ? '?' + query : ''}`);
  return draw();
}

const sorted = () => [state.sort.replace(/^-/, ''), state.sort[0] === '-'];
function select() {
  const words = state.q.toLowerCase(), lines = words && texts(table);
  const tests = state.filters.map(([name, value]) => [table.by[name] || [], value]);
  order = [];
  for (let row = 0; row < table.count; row++)
    if ((!words || lines[row].includes(words)) && tests.every(([values, value]) => show(values[row]) === value)) order.push(row);
  const [name, down] = sorted(), sign = down ? -1 : 1;
  const keys = table.by[name]?.map(v => typeof v === 'number' ? v : show(v).toLowerCase());
  if (keys) order.sort((a, b) => keys[a] < keys[b] ? -sign : keys[a] > keys[b] ? sign : a - b);
}

const grid = $('grid'), rows = $('rows'), search = $('search'), narrow = matchMedia('(max-width: 40rem)');
const none = word => make('i', {className: 'none'}, word);
function paint() {
  const height = narrow.matches ? 52 : 30, first = Math.max(0, (grid.scrollTop / height | 0) - 5);
  rows.style.height = order.length * height + 'px';
  rows.replaceChildren(...order.slice(first, first + (grid.clientHeight / height | 0) + 12).map((at, n) => {
    const item = table.ref(at), row = make('div', {role: 'row', ariaRowIndex: first + n + 2, className: item === state.item ? 'row chosen' : 'row'},
      ...table.shown.map(({values}, i) => {
        const value = values[at], text = show(value);
        return make('span', {role: 'cell', title: text[24] ? text.slice(0, 300) : '', className: typeof value === 'number' ? 'number' : ''},
          i ? value == null ? none('–') : text : make('a', {href: `#${table.kind}?${new URLSearchParams({item})}`}, text || '(no name)'));
      }));
    row.style.top = (first + n) * height + 'px';
    row.dataset.ref = item;
    return row;
  }));
}
function widths() {
  const sizes = table.shown.map(c => Math.max(c.name.length + 2, ...c.values.slice(0, 200).map(v => Math.min(44, show(v).length))));
  grid.style.setProperty('--columns', sizes.map(n => `minmax(${Math.min(n, 9)}ch, ${n}fr)`).join(' '));
  grid.style.setProperty('--least', sizes.reduce((sum, n) => sum + Math.min(n, 12) + 2, 0) + 'ch');
}
function head() {
  const [name, down] = sorted();
  $('head').replaceChildren(...table.shown.map(c => {
    const here = c.name === name;
    return make('span', {role: 'columnheader', ariaSort: here ? down ? 'descending' : 'ascending' : 'none'},
      button({onclick: () => set({sort: here && !down ? '-' + name : c.name})}, c.name + (here ? down ? ' ↓' : ' ↑' : '')));
  }));
}
function filters() {
  const groups = table.shown.filter(c => c.few && c.few.length > 1 && c.few.length < 61).map(c => {
    const counts = Object.create(null);
    for (const text of c.values.map(show)) counts[text] = (counts[text] || 0) + 1;
    return make('optgroup', {label: c.name}, ...Object.entries(counts).sort((a, b) => b[1] - a[1]).map(([v, n]) =>
      make('option', {value: JSON.stringify([c.name, v])}, `${c.name}: ${v || '(none)'} (${count(n)})`)));
  });
  $('filter').replaceChildren($('filter').firstChild, ...groups);
  $('filter').value = '';
  const chip = (text, onclick) => button({className: 'chip', title: 'Remove', onclick}, text + ' ×');
  $('chips').replaceChildren(...state.filters.map((one, at) =>
    chip(`${one[0]}: ${clean(one[1]) || '(none)'}`, () => set({filters: state.filters.filter((_, n) => n !== at)}))));
  if (state.q) $('chips').append(chip('search: ' + clean(state.q), () => (search.value = '', find())));
}

async function draw() {
  every('.kinds a', a => a.ariaCurrent = a.dataset.kind === state.kind ? 'true' : null);
  $('browser').hidden = !state.kind;
  if (!state.kind) return;
  const next = await load(state.kind), fresh = table !== next;
  if (next.kind !== state.kind) return;
  table = next;
  select();
  $('kind').textContent = table.kind;
  $('count').textContent = (order.length < table.count ? count(order.length) + ' of ' : '') + count(table.count);
  grid.ariaRowCount = order.length + 1;
  if (fresh) widths(), grid.scrollTop = 0;
  head(), filters(), paint();
  await open();
}

async function open() {
  $('item').hidden = true;
  let row = state.item ? 0 : table.count;
  while (row < table.count && table.ref(row) !== state.item) row++;
  if (row === table.count) return;
  const [rest, past, used] = await detail(table, row), own = table.all.filter(c => c.name !== '#').map(c => [c.name, c.values[row]]);
  const value = v => v == null ? none('none') : typeof v !== 'object' ? show(v)
    : make('pre', {}, ...JSON.stringify(v, null, 1).split('\n').map(line => clean(line) + '\n'));
  const list = (title, lines) => lines.length ? [make('h3', {}, title), make('ul', {}, ...lines)] : [];
  const body = [make('dl', {}, ...[...own, ...Object.entries(rest)].map(([name, v]) => make('div', {}, make('dt', {}, clean(name)), make('dd', {}, value(v))))),
    ...list('Used by', used.map(([kind, name, href]) => make('li', {}, href ? make('a', {href}, clean(name)) : clean(name), ' ', make('small', {}, kind)))),
    ...list('History', past.map(([time, change, fields]) => make('li', {}, `${time.slice(0, 16).replace('T', ' ')} ${change}`, ...fields.map(([name, old, now]) =>
      make('div', {}, clean(name) + ': ', make('del', {}, clean(old)), ' → ', make('ins', {}, clean(now)))))))];
  const parts = {account: index.account, zone: (table.by.zone || table.by.name)?.[row], item: table.by[table.key]?.[row]};
  if (table.page) body.push(make('p', {}, make('a', {rel: 'noreferrer', target: '_blank', href: 'https://dash.cloudflare.com/'
    + table.page.replace(/{(\w+)}/g, (_, name) => encodeURIComponent(parts[name]))}, 'Open in the dashboard')));
  $('item-name').textContent = show(table.shown[0].values[row]) || table.kind;
  $('item-body').replaceChildren(...body);
  $('item').hidden = false;
}

async function save(type) {
  const quote = v => '"' + (typeof v === 'object' && v ? JSON.stringify(v) : String(v ?? '')).replaceAll('"', '""') + '"', lines = [];
  if (type === 'csv') for (const row of [-1, ...order]) lines.push(table.shown.map(c => quote(row < 0 ? c.name : c.values[row])).join(',') + '\r\n');
  else for (const row of order) {
    const item = Object.fromEntries(table.all.filter(c => c.name !== '#').map(c => [c.name, c.values[row]]));
    lines.push((lines[0] ? ',\n' : '[') + JSON.stringify({...item, ...(await detail(table, row))[0]}));
  }
  if (type === 'json') lines.push(lines[0] ? ']\n' : '[]\n');
  const href = URL.createObjectURL(new Blob(lines, {type: type === 'csv' ? 'text/csv' : 'application/json'}));
  make('a', {href, download: `${table.kind}.${type}`}).click();
}

async function find() {
  const all = await loadAll(), words = search.value.toLowerCase(), hits = {}, start = performance.now();
  for (const one of all) hits[one.kind] = words ? one.texts.reduce((n, line) => n + line.includes(words), 0) : one.count;
  performance.measure('search', {start});
  every('.kinds a', a => {
    a.lastChild.textContent = count(hits[a.dataset.kind]);
    a.classList.toggle('miss', !hits[a.dataset.kind]);
  });
  const kind = hits[state.kind] || !words ? state.kind : Object.keys(hits).sort((a, b) => hits[b] - hits[a])[0];
  return set({q: search.value, item: '', filters: kind === state.kind ? state.filters : [], kind});
}

async function route(event) {
  read();
  search.value = state.q;
  await draw();
  if (event && state.kind) state.item ? $('item').focus() : $('everything').scrollIntoView();
}

every('#theme, #print, #search', node => node.hidden = false);
$('theme').onclick = () => {
  const {dataset} = document.documentElement, dark = matchMedia('(prefers-color-scheme: dark)').matches;
  dataset.theme = (dataset.theme ? dataset.theme === 'dark' : dark) ? 'light' : 'dark';
};
$('print').onclick = () => print();
$('close').onclick = () => set({item: ''});
$('filter').onchange = e => set({filters: [...state.filters, JSON.parse(e.target.value)]});
$('csv').onclick = () => save('csv');
$('json').onclick = () => save('json');
search.onfocus = loadAll;
search.oninput = find;
grid.onscroll = () => requestAnimationFrame(paint);
narrow.onchange = () => table && paint();
rows.onclick = e => {
  const row = e.target.closest('.row');
  if (row && !e.target.closest('a')) set({item: row.dataset.ref});
};
onhashchange = route;
onkeydown = e => {
  if (e.key === '/' && !/INPUT|SELECT/.test(document.activeElement.tagName)) e.preventDefault(), search.focus();
  if (e.key === 'Escape' && state.item) set({item: ''});
};
every('.copy', node => node.onclick = async () => {
  await navigator.clipboard.writeText(node.previousSibling.textContent);
  node.textContent = 'Copied';
});
// A click in the map dims what is more than two steps away.
let around;
every('[data-n]', node => node.onclick = () => {
  around = around === node ? 0 : node;
  const near = new Set([node.dataset.n]), edges = [];
  every('[data-e]', edge => edges.push([edge, ...edge.dataset.e.split(' ')]));
  for (const _ of 'xx') edges.filter(([, a, b]) => near.has(a) || near.has(b)).forEach(([, a, b]) => near.add(a).add(b));
  every('[data-n]', other => other.classList.toggle('dim', around && !near.has(other.dataset.n)));
  for (const [edge, a, b] of edges) edge.classList.toggle('dim', around && !(near.has(a) && near.has(b)));
});
every('time', time => {
  const minutes = (Date.now() - Date.parse(time.dateTime)) / 6e4;
  const [unit, word] = minutes < 90 ? [1, 'min'] : minutes < 2880 ? [60, 'h'] : [1440, 'days'];
  time.after(` (${Math.round(minutes / unit)} ${word} ago)`);
});
route().then(() => performance.mark('ready'));
})();
