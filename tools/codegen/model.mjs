// Resolves names over all files: which type a field has, what it is called in TypeScript, and which
// messages hold no other message (their encoder needs no list of sizes).

/** `range_end` -> `rangeEnd`, `ID` -> `ID`, `RemainingTTL` -> `remainingTTL`, `peerURLs` stays. */
export function propertyName(name) {
  const joined = name.replace(/_([A-Za-z])/g, (_, letter) => letter.toUpperCase());
  if (/^[A-Z0-9]+$/.test(joined)) return joined;
  return joined[0].toLowerCase() + joined.slice(1);
}

/** Go's name of a field, as the texts of etcd's decoder have it: `range_end` -> `RangeEnd`. */
export function goName(name) {
  const joined = name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
  return joined[0].toUpperCase() + joined.slice(1);
}

/** An enum within a message goes by its own name, unless that says nothing. */
function enumName(e) {
  return e.name === 'Type' ? e.parent + e.name : e.name;
}

/** Adds to the parsed files: `tsFile`, per field `property`, `kind`, `ref`, per message `flat`. */
export function buildModel(files) {
  const types = new Map();
  for (const file of files) {
    file.tsFile = file.file.replace(/\.proto$/, '');
    for (const message of file.messages) {
      message.fullName = `${file.package}.${message.name}`;
      message.tsName = message.name;
      message.file = file;
      types.set(message.fullName, { kind: 'message', node: message });
    }
    for (const e of file.enums) {
      const path = e.parent === '' ? e.name : `${e.parent}.${e.name}`;
      e.tsName = enumName(e);
      e.file = file;
      e.fullName = `${file.package}.${path}`;
      types.set(e.fullName, { kind: 'enum', node: e });
    }
  }
  const resolve = (name, file, scope) => {
    for (const prefix of [`${file.package}.${scope}.`, `${file.package}.`, '']) {
      const found = types.get(prefix + name);
      if (found !== undefined) return found;
    }
    throw new Error(`${file.file}: unknown type ${name} in ${scope}`);
  };
  for (const file of files) {
    for (const message of file.messages) {
      for (const field of message.fields) {
        field.property = propertyName(field.name);
        if (field.scalar) field.kind = field.type;
        else {
          const { kind, node } = resolve(field.type, file, message.name);
          field.kind = kind;
          field.ref = node;
        }
      }
      message.flat = message.fields.every((f) => f.kind !== 'message');
      message.oneofs = [...new Set(message.fields.map((f) => f.oneof).filter((o) => o !== null))];
    }
    for (const service of file.services) {
      for (const method of service.methods) {
        method.requestType = resolve(method.request, file, service.name).node;
        method.responseType = resolve(method.response, file, service.name).node;
      }
    }
  }
  return files;
}
