// The hotel: a server for test/e2e/hotel, and a client for each kind of caller.
import assert from 'node:assert/strict';
import { createClient } from '@supabase/supabase-js';
import { Pando } from './pando.js';

export class Hotel {
  // `settings` are environment variables such as PANDO_REST_PLAN_ENABLED.
  static async open(settings = {}) {
    const hotel = new Hotel();
    hotel.pando = await Pando.start({ config: 'test/e2e/hotel/pando.toml', settings });
    hotel.anonKey = await hotel.pando.token('anon');
    hotel.serviceKey = await hotel.pando.token('service_role');
    hotel.anonymous = hotel.client(hotel.anonKey);
    hotel.service = hotel.client(hotel.serviceKey);
    return hotel;
  }

  get restUrl() {
    return `${this.pando.url}/rest/v1`;
  }

  client(key, options = {}) {
    return createClient(this.pando.url, key, { auth: { persistSession: false }, ...options });
  }

  // A client of somebody who signed in, as an application with a sign-in of its own makes it.
  async guest(subject) {
    const token = await this.pando.token('authenticated', subject);
    return createClient(this.pando.url, this.anonKey, { accessToken: async () => token });
  }

  async close() {
    assert.equal(await this.pando.stop(), 0);
  }
}

// The data of an answer that has to be a success, with `status` if that matters.
export async function ok(query, status) {
  const answer = await query;
  assert.equal(answer.error, null, JSON.stringify(answer.error));
  if (status) assert.equal(answer.status, status);
  return answer.data;
}

// The status and code of an answer that has to be an error.
export async function refused(query) {
  const { error, status } = await query;
  assert.ok(error, 'was not refused');
  return [status, error.code];
}

export const ids = (rows) => rows.map((row) => row.id);
