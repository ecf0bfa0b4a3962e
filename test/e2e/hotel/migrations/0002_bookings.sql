-- Bookings, each seen and changed by its guest only; and what the year before left.

create function current_guest() returns text
  language sql stable
  return nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub';

create table bookings (
  id      bigint primary key generated always as identity,
  room_id integer not null references rooms,
  guest   text not null default current_guest(),
  night   date not null,
  people  smallint not null default 1 check (people between 1 and 8),
  note    text default 'none',
  unique (room_id, night)
);
alter table bookings enable row level security;
create policy own_bookings on bookings to authenticated
  using (guest = (select current_guest()))
  with check (guest = (select current_guest()));

grant execute on function current_guest to authenticated, service_role;
grant select, insert, update, delete on bookings to authenticated, service_role;

create schema archive;
create table archive.rooms (
  id   integer primary key generated always as identity,
  name text not null unique,
  year smallint not null
);
insert into archive.rooms (name, year) values ('Acacia', 1998), ('Beech', 2004);
create function archive.rooms_of(year smallint) returns setof archive.rooms
  language sql stable
begin atomic
  select * from archive.rooms r where r.year = rooms_of.year;
end;

grant usage on schema archive to anon, authenticated, service_role;
grant select on archive.rooms to anon, authenticated, service_role;
grant insert, update, delete on archive.rooms to service_role;
grant execute on function archive.rooms_of to anon, authenticated, service_role;
