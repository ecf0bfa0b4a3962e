-- What callers who signed in may write: notes of their own about a country. A row belongs to the subject of the token.

create function current_subject() returns text
  language sql stable
  return nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub';
comment on function current_subject is 'Who asks, by the sub claim of the token; null for an anonymous caller.';
revoke execute on function current_subject from public;
grant execute on function current_subject to authenticated, service_role;

create table notes (
  id           bigint primary key generated always as identity,
  owner        text not null default current_subject() check (length(owner) between 1 and 200),
  country_code text not null references countries,
  body         text not null check (length(body) between 1 and 10000),
  stars        smallint check (stars between 1 and 5),
  created_at   timestamptz not null default now(),
  unique (owner, country_code)
);
create index on notes (country_code);
comment on table notes is 'Notes about countries, one a person and country, seen by their owner only.';

alter table notes enable row level security;
create policy own_notes on notes to authenticated
  using (owner = (select current_subject()))
  with check (owner = (select current_subject()));

grant select, delete on notes to authenticated, service_role;
grant insert (country_code, body, stars), update (body, stars, country_code) on notes to authenticated;
grant insert, update on notes to service_role;
