// Finds the methods of a client's class that no test of a file calls: a new version of the client brings new ones.
const INTERNAL = ['constructor', 'cloneRequestState', 'decorateFetch', 'processResponse'];

export class Calls {
  // Watches the class from now on.
  constructor(type) {
    this.uncalled = new Set(Object.getOwnPropertyNames(type.prototype).filter((name) => !INTERNAL.includes(name)));
    const { uncalled } = this;
    for (const name of [...uncalled]) {
      const method = type.prototype[name];
      type.prototype[name] = function (...args) {
        uncalled.delete(name);
        return method.apply(this, args);
      };
    }
  }
}
