/* words.js: what the page says, in the language that was asked for. Order: that language, its base language, English, the key.
 * Words of scenes come with the data; names of hosts are data, and only `term` changes them. */
export class Words {
  /* builtIn: {en: {key: text}}; data: the page's data. */
  constructor(builtIn, data) {
    this.tables = {};
    for (const [lang, ui] of Object.entries(builtIn)) this.add({ lang, ui });
    const told = [...(data.runs || []).map((run) => (run && run.strings) || {}), data.strings || {}]; /* a second run brings its own */
    for (const strings of told) for (const [lang, scene] of Object.entries(strings)) if (lang !== '') this.add({ lang, scene });
    for (const more of data.translations || []) this.add(more);
    this.own = Object.assign({}, ...told.map((strings) => strings['']));
    this.use('en');
  }

  add({ lang, ui, scene, term, dir }) {
    if (typeof lang !== 'string' || lang === '') return;
    const table = (this.tables[lang] ||= { ui: {}, scene: {}, term: {}, dir: 'ltr' });
    Object.assign(table.ui, ui);
    Object.assign(table.scene, scene);
    Object.assign(table.term, term);
    if (dir === 'rtl') table.dir = 'rtl';
  }

  /* Those with words of the interface. */
  languages() {
    return Object.keys(this.tables).filter((lang) => Object.keys(this.tables[lang].ui).length > 0).sort();
  }

  use(lang) {
    const base = String(lang).split('-')[0];
    const chosen = [lang, base].filter((name, i, all) => this.tables[name] && all.indexOf(name) === i);
    this.lang = chosen[0] || 'en';
    this.order = [...new Set([...chosen, 'en'])].map((name) => this.tables[name]).filter(Boolean);
    this.dir = (this.tables[this.lang] || { dir: 'ltr' }).dir;
    this.plural = new Intl.PluralRules(this.lang);
    return this.lang;
  }

  find(part, key) {
    for (const table of this.order) if (Object.hasOwn(table[part], key)) return String(table[part][key]);
    return undefined;
  }

  /* A word of the interface; {name} stands for a value, and n chooses between key.one, key.other and so on. */
  ui(key, values) {
    let text = this.find('ui', key);
    if (text === undefined && values && values.n !== undefined)
      text = this.find('ui', key + '.' + this.plural.select(values.n)) ?? this.find('ui', key + '.other');
    if (text === undefined) return key;
    return text.replace(/\{(\w+)\}/g, (whole, name) => (values && name in values ? String(values[name]) : whole));
  }

  has(key) {
    return this.find('ui', key) !== undefined;
  }

  scene(key) {
    return this.find('scene', key) ?? this.own[key] ?? key;
  }

  term(name) {
    return this.find('term', name) ?? name;
  }
}
