// Generated from libs/wire/proto by tools/codegen. Do not edit; run it again.
import { EMPTY_BYTES } from '@conclave/base';
import { allocate } from '../protobuf/allocate.js';
import type { Codec } from '../protobuf/codec.js';
import { type FieldNames, Reader } from '../protobuf/reader.js';
import { Sizes, checkEnd, sizeBytes, sizeInt32, sizeString, sizeUint32, writeBytes, writeInt32, writeString, writeUint32 } from '../protobuf/writer.js';

/** `authpb.Permission.Type`. Unknown values are kept, hence any number. */
export const PermissionType = {
  READ: 0,
  WRITE: 1,
  READWRITE: 2,
} as const;
export type PermissionType = number;

/** `authpb.UserAddOptions` */
export interface UserAddOptions {
  noPassword: boolean;
}

const UserAddOptionsFields: FieldNames = new Map([
  [1, 'NoPassword'],
]);

export function newUserAddOptions(): UserAddOptions {
  return {
    noPassword: false,
  };
}

export function sizeUserAddOptions(m: UserAddOptions): number {
  let n = 0;
  if (m.noPassword) {
    n += 2;
  }
  return n;
}

export function writeUserAddOptions(
  m: UserAddOptions,
  out: Uint8Array,
  at: number,
): number {
  if (m.noPassword) {
    out[at++] = 8;
    out[at++] = 1;
  }
  return at;
}

export function mergeUserAddOptions(r: Reader, m: UserAddOptions): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.noPassword = r.bool();
        break;
      }
      default:
        r.other(tag, 'UserAddOptions', UserAddOptionsFields);
    }
  }
}

export const UserAddOptions: Codec<UserAddOptions> = {
  typeName: 'authpb.UserAddOptions',
  create(fields) {
    const m = newUserAddOptions();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeUserAddOptions(m);
  },
  write(m, out, at) {
    return writeUserAddOptions(m, out, at);
  },
  encode(m) {
    const size = sizeUserAddOptions(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeUserAddOptions(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newUserAddOptions();
    mergeUserAddOptions(r, m);
    return m;
  },
};

/** `authpb.User` */
export interface User {
  name: Uint8Array;
  password: Uint8Array;
  roles: string[];
  options: UserAddOptions | null;
}

const UserFields: FieldNames = new Map([
  [1, 'Name'],
  [2, 'Password'],
  [3, 'Roles'],
  [4, 'Options'],
]);

export function newUser(): User {
  return {
    name: EMPTY_BYTES,
    password: EMPTY_BYTES,
    roles: [],
    options: null,
  };
}

export function sizeUser(m: User, sizes: Sizes): number {
  let n = 0;
  if (m.name.length !== 0) {
    n += 1 + sizeBytes(m.name);
  }
  if (m.password.length !== 0) {
    n += 1 + sizeBytes(m.password);
  }
  for (let i = 0, roles = m.roles; i < roles.length; i++) {
    n += 1 + sizeString(roles[i] as string);
  }
  if (m.options !== null) {
    const size = sizeUserAddOptions(m.options);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeUser(
  m: User,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.name.length !== 0) {
    out[at++] = 10;
    at = writeBytes(m.name, out, at);
  }
  if (m.password.length !== 0) {
    out[at++] = 18;
    at = writeBytes(m.password, out, at);
  }
  for (let i = 0, roles = m.roles; i < roles.length; i++) {
    out[at++] = 26;
    at = writeString(roles[i] as string, out, at);
  }
  if (m.options !== null) {
    out[at++] = 34;
    at = writeUint32(sizes.next(), out, at);
    at = writeUserAddOptions(m.options, out, at);
  }
  return at;
}

export function mergeUser(r: Reader, m: User): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.name = r.view();
        break;
      }
      case 18: {
        m.password = r.view();
        break;
      }
      case 26: {
        m.roles.push(r.string());
        break;
      }
      case 34: {
        const v = (m.options ??= newUserAddOptions());
        const outer = r.enter();
        mergeUserAddOptions(r, v);
        r.leave(outer);
        break;
      }
      default:
        r.other(tag, 'User', UserFields);
    }
  }
}

export const User: Codec<User> = {
  typeName: 'authpb.User',
  create(fields) {
    const m = newUser();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeUser(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeUser(m, sizes);
    return writeUser(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeUser(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeUser(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newUser();
    mergeUser(r, m);
    return m;
  },
};

/** `authpb.Permission` */
export interface Permission {
  permType: PermissionType;
  key: Uint8Array;
  rangeEnd: Uint8Array;
}

const PermissionFields: FieldNames = new Map([
  [1, 'PermType'],
  [2, 'Key'],
  [3, 'RangeEnd'],
]);

export function newPermission(): Permission {
  return {
    permType: 0,
    key: EMPTY_BYTES,
    rangeEnd: EMPTY_BYTES,
  };
}

export function sizePermission(m: Permission): number {
  let n = 0;
  if (m.permType !== 0) {
    n += 1 + sizeInt32(m.permType);
  }
  if (m.key.length !== 0) {
    n += 1 + sizeBytes(m.key);
  }
  if (m.rangeEnd.length !== 0) {
    n += 1 + sizeBytes(m.rangeEnd);
  }
  return n;
}

export function writePermission(
  m: Permission,
  out: Uint8Array,
  at: number,
): number {
  if (m.permType !== 0) {
    out[at++] = 8;
    at = writeInt32(m.permType, out, at);
  }
  if (m.key.length !== 0) {
    out[at++] = 18;
    at = writeBytes(m.key, out, at);
  }
  if (m.rangeEnd.length !== 0) {
    out[at++] = 26;
    at = writeBytes(m.rangeEnd, out, at);
  }
  return at;
}

export function mergePermission(r: Reader, m: Permission): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 8: {
        m.permType = r.int32();
        break;
      }
      case 18: {
        m.key = r.view();
        break;
      }
      case 26: {
        m.rangeEnd = r.view();
        break;
      }
      default:
        r.other(tag, 'Permission', PermissionFields);
    }
  }
}

export const Permission: Codec<Permission> = {
  typeName: 'authpb.Permission',
  create(fields) {
    const m = newPermission();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizePermission(m);
  },
  write(m, out, at) {
    return writePermission(m, out, at);
  },
  encode(m) {
    const size = sizePermission(m);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writePermission(m, out, 0), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newPermission();
    mergePermission(r, m);
    return m;
  },
};

/** `authpb.Role` */
export interface Role {
  name: Uint8Array;
  keyPermission: Permission[];
}

const RoleFields: FieldNames = new Map([
  [1, 'Name'],
  [2, 'KeyPermission'],
]);

export function newRole(): Role {
  return {
    name: EMPTY_BYTES,
    keyPermission: [],
  };
}

export function sizeRole(m: Role, sizes: Sizes): number {
  let n = 0;
  if (m.name.length !== 0) {
    n += 1 + sizeBytes(m.name);
  }
  for (let i = 0, keyPermission = m.keyPermission; i < keyPermission.length; i++) {
    const size = sizePermission(keyPermission[i] as Permission);
    sizes.add(size);
    n += 1 + sizeUint32(size) + size;
  }
  return n;
}

export function writeRole(
  m: Role,
  out: Uint8Array,
  at: number,
  sizes: Sizes,
): number {
  if (m.name.length !== 0) {
    out[at++] = 10;
    at = writeBytes(m.name, out, at);
  }
  for (let i = 0, keyPermission = m.keyPermission; i < keyPermission.length; i++) {
    out[at++] = 18;
    at = writeUint32(sizes.next(), out, at);
    at = writePermission(keyPermission[i] as Permission, out, at);
  }
  return at;
}

export function mergeRole(r: Reader, m: Role): void {
  while (r.pos < r.end) {
    const tag = r.tag();
    switch (tag) {
      case 10: {
        m.name = r.view();
        break;
      }
      case 18: {
        const v = newPermission();
        const outer = r.enter();
        mergePermission(r, v);
        r.leave(outer);
        m.keyPermission.push(v);
        break;
      }
      default:
        r.other(tag, 'Role', RoleFields);
    }
  }
}

export const Role: Codec<Role> = {
  typeName: 'authpb.Role',
  create(fields) {
    const m = newRole();
    return fields === undefined ? m : Object.assign(m, fields);
  },
  sizeOf(m) {
    return sizeRole(m, new Sizes());
  },
  write(m, out, at) {
    const sizes = new Sizes();
    sizeRole(m, sizes);
    return writeRole(m, out, at, sizes);
  },
  encode(m) {
    const sizes = new Sizes();
    const size = sizeRole(m, sizes);
    if (size === 0) return EMPTY_BYTES;
    const out = allocate(size);
    checkEnd(writeRole(m, out, 0, sizes), size);
    return out;
  },
  decode(bytes, lo = 0, hi = bytes.length) {
    const r = new Reader(bytes, lo, hi);
    const m = newRole();
    mergeRole(r, m);
    return m;
  },
};
