// Finds the methods of a client's classes that no test of a file calls: a new version of the client brings new ones.
const INTERNAL = ['constructor', 'cloneRequestState', 'decorateFetch', 'processResponse'];

export class Calls {
  // Watches the classes from now on. A method that one of them inherits and overrides counts once.
  constructor(...types) {
    this.uncalled = new Set();
    for (const type of types) {
      for (const name of Object.getOwnPropertyNames(type.prototype)) if (!INTERNAL.includes(name)) this.#watch(type, name);
    }
  }

  #watch(type, name) {
    const { uncalled } = this;
    const method = type.prototype[name];
    uncalled.add(name);
    type.prototype[name] = function (...args) {
      uncalled.delete(name);
      return method.apply(this, args);
    };
  }
}
