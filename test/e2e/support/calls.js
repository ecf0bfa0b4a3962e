// Finds the methods of a client that no test of a file calls: a new version of the client brings new ones.
const INTERNAL = ['constructor', 'cloneRequestState', 'decorateFetch', 'processResponse'];

export class Calls {
  // Watches these objects from now on: prototypes of classes, for one. A method that several of them have counts once.
  constructor(...objects) {
    this.uncalled = new Set();
    for (const object of objects) {
      for (const name of Object.getOwnPropertyNames(object)) if (!INTERNAL.includes(name)) this.#watch(object, name);
    }
  }

  #watch(object, name) {
    const { uncalled } = this;
    const method = object[name];
    uncalled.add(name);
    object[name] = function (...args) {
      uncalled.delete(name);
      return method.apply(this, args);
    };
  }
}
