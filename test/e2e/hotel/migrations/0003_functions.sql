-- One function for each kind of result, and some that tell what the request looked like from inside.

create function greet(name text, greeting text default 'Hello') returns text
  language sql immutable
  return greeting || ', ' || name || '!';

create function add_one(numbers integer[]) returns integer[]
  language sql immutable
  return (select array_agg(n + 1 order by place) from unnest(numbers) with ordinality as u(n, place));

-- Two functions of one name: what `room` is, differs.
create function price_of(room integer, nights integer default 1) returns bigint
  language sql stable
  return (select (price * price_of.nights)::bigint from rooms where id = price_of.room);

create function price_of(room text, discount integer) returns bigint
  language sql stable
  return (select (price * (100 - discount) / 100)::bigint from rooms where name = price_of.room);

create function keys_of(item jsonb) returns setof text
  language sql immutable
  return jsonb_object_keys(item);

create function room_names() returns setof text
  language sql stable
begin atomic
  select name from rooms order by id;
end;

create function cheapest_room() returns rooms
  language sql stable
  return (select r from rooms r order by price limit 1);

create function rooms_open_on(day date) returns setof rooms
  language sql stable
begin atomic
  select * from rooms where season @> day order by id;
end;

create function beds_by_floor() returns table (floor smallint, beds bigint)
  language sql stable
begin atomic
  select r.floor, sum(r.beds) from rooms r group by r.floor order by r.floor;
end;

create function rename_rooms(suffix text) returns setof rooms
  language sql volatile
begin atomic
  update rooms set name = name || suffix where floor = 0 returning *;
end;

create function forget_bookings() returns void
  language sql volatile
begin atomic
  delete from bookings;
end;

create function caller() returns json
  language sql stable
  return json_build_object(
    'role', current_user,
    'claims', nullif(current_setting('request.jwt.claims', true), '')::json,
    'desk', nullif(current_setting('request.headers', true), '')::json ->> 'x-desk');

create function sold_out() returns void
  language plpgsql stable
as $$
begin
  raise sqlstate 'PT503' using message = 'sold out', detail = 'every room', hint = 'come back in spring';
end $$;

grant execute on function price_of(integer, integer), price_of(text, integer) to anon, authenticated, service_role;
grant execute on function greet, add_one, keys_of, room_names, cheapest_room, rooms_open_on, beds_by_floor, caller,
  sold_out to anon, authenticated, service_role;
grant execute on function rename_rooms, forget_bookings to service_role;
