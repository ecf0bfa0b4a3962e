-- Functions are called as /rpc/NAME. Nobody may call one until it is granted.

create function country_by_code(code text) returns countries
  language sql stable
  return (select c from countries c where upper(country_by_code.code) in (c.code, c.code3, c.numeric_code));
comment on function country_by_code is 'The country of an alpha-2, alpha-3 or numeric code.';

create function search_places(term text)
  returns table (kind text, code text, name text)
  language sql stable
begin atomic
  select 'country', c.code, c.name
    from countries c where c.name ilike '%' || term || '%' or c.official_name ilike '%' || term || '%'
  union all
  select lower(s.type), s.code, s.name
    from subdivisions s where s.name ilike '%' || term || '%'
  order by 3, 2
  limit 50;
end;
comment on function search_places is 'Up to 50 countries and subdivisions whose name contains the term.';

grant execute on function country_by_code, search_places to anon, authenticated, service_role;
