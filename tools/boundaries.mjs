// Who may import whom: holds the tree against tools/layers.json. Looks at every import of every
// source file, at package.json, and at tsconfig references; finds cycles. Returns faults as text.
import fs from 'node:fs';
import path from 'node:path';

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s*['"]([^'"]+)['"]|\b(?:import|require)\(\s*['"]([^'"]+)['"]\s*\)/g;

export function boundaryFaults(root) {
  const layers = JSON.parse(fs.readFileSync(path.join(root, 'tools/layers.json'), 'utf8'));
  const faults = [];
  for (const [name, room] of Object.entries(layers.rooms)) {
    checkRoom(root, layers, name, room, faults);
  }
  for (const [name, app] of Object.entries(layers.apps)) checkApp(root, layers, name, app, faults);
  for (const kind of ['libs', 'apps']) {
    for (const name of list(path.join(root, kind))) {
      const known = kind === 'libs' ? layers.rooms[name] : layers.apps[name];
      if (!known) faults.push(`${kind}/${name}: not in tools/layers.json`);
    }
  }
  checkOrder(layers, faults);
  return faults;
}

function list(directory) {
  return fs.existsSync(directory)
    ? fs
        .readdirSync(directory)
        .filter((n) => fs.existsSync(path.join(directory, n, 'package.json')))
    : [];
}

function checkRoom(root, layers, name, room, faults) {
  const directory = path.join(root, 'libs', name);
  if (!fs.existsSync(directory)) return;
  const allowed = new Set(room.imports.map((i) => `@conclave/${i}`));
  const packages = new Set(Object.keys(room.packages));
  for (const file of sources(path.join(directory, 'src'))) {
    const relative = path.relative(root, file);
    if (isTest(file)) continue;
    for (const target of importsOf(file)) {
      if (target.startsWith('.')) {
        if (!path.resolve(path.dirname(file), target).startsWith(path.join(directory, 'src'))) {
          faults.push(`${relative}: imports ${target} outside its room`);
        }
      } else if (target.startsWith('@conclave/')) {
        if (!allowed.has(target)) faults.push(`${relative}: ${name} may not import ${target}`);
      } else if (target.startsWith('node:')) {
        if (room.pure) faults.push(`${relative}: ${name} is pure and imports ${target}`);
      } else if (!packages.has(packageOf(target))) {
        faults.push(`${relative}: package ${target} is not granted to ${name}`);
      }
    }
  }
  checkPackage(root, directory, allowed, packages, faults);
  checkReferences(root, directory, room.imports, faults);
}

function checkApp(root, layers, name, app, faults) {
  const directory = path.join(root, 'apps', name);
  if (!fs.existsSync(directory)) return;
  const packages = new Set(Object.keys(app.packages));
  for (const file of sources(path.join(directory, 'src'))) {
    if (isTest(file)) continue;
    for (const target of importsOf(file)) {
      if (target.startsWith('.') || target.startsWith('node:')) continue;
      const relative = path.relative(root, file);
      if (target.startsWith('@conclave/')) {
        if (!layers.rooms[target.slice('@conclave/'.length)]) {
          faults.push(`${relative}: no such room ${target}`);
        }
      } else if (!packages.has(packageOf(target))) {
        faults.push(`${relative}: package ${target} is not granted to app ${name}`);
      }
    }
  }
}

function checkPackage(root, directory, allowed, packages, faults) {
  const file = path.join(directory, 'package.json');
  const { dependencies = {} } = JSON.parse(fs.readFileSync(file, 'utf8'));
  for (const [dependency, version] of Object.entries(dependencies)) {
    if (dependency.startsWith('@conclave/')) {
      if (!allowed.has(dependency))
        faults.push(`${path.relative(root, file)}: depends on ${dependency}`);
    } else if (!packages.has(dependency)) {
      faults.push(`${path.relative(root, file)}: depends on ${dependency}`);
    } else if (!/^\d/.test(version)) {
      faults.push(`${path.relative(root, file)}: ${dependency} is not pinned exactly`);
    }
  }
}

function checkReferences(root, directory, imports, faults) {
  const file = path.join(directory, 'tsconfig.json');
  const { references = [] } = JSON.parse(fs.readFileSync(file, 'utf8'));
  const allowed = new Set(imports);
  for (const { path: to } of references) {
    if (!allowed.has(path.basename(to)))
      faults.push(`${path.relative(root, file)}: references ${to}`);
  }
}

/** A room imports only from its own or a lower layer, and never in a circle. */
function checkOrder(layers, faults) {
  const rank = new Map(layers.layers.map((layer, i) => [layer, i]));
  const state = new Map();
  const visit = (name, trail) => {
    if (state.get(name) === 'done') return;
    if (state.get(name) === 'open') {
      faults.push(`cycle: ${[...trail, name].join(' -> ')}`);
      return;
    }
    state.set(name, 'open');
    for (const to of layers.rooms[name].imports) {
      if (!layers.rooms[to]) {
        faults.push(`layers.json: ${name} imports unknown room ${to}`);
        continue;
      }
      const upward = rank.get(layers.rooms[to].layer) > rank.get(layers.rooms[name].layer);
      if (upward && layers.rooms[name].layer !== 'adapter') {
        faults.push(`layers.json: ${name} imports ${to} of a higher layer`);
      }
      visit(to, [...trail, name]);
    }
    state.set(name, 'done');
  };
  for (const name of Object.keys(layers.rooms)) visit(name, []);
}

function importsOf(file) {
  const text = fs
    .readFileSync(file, 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\n)\s*\/\/[^\n]*/g, '');
  return [...text.matchAll(IMPORT)].map((m) => m[1] ?? m[2] ?? m[3]);
}

function packageOf(target) {
  const parts = target.split('/');
  return target.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}

export function isTest(file) {
  return /\.(spec|bench)\.ts$/.test(file) || /[\\/](testing|testdata)[\\/]/.test(file);
}

export function sources(directory) {
  if (!fs.existsSync(directory)) return [];
  return fs
    .readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile() && e.name.endsWith('.ts'))
    .map((e) => path.join(e.parentPath ?? e.path, e.name));
}
