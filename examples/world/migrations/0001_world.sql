-- Countries, their subdivisions, languages and currencies, as ISO 3166, 639 and 4217 list them.

create table countries (
  code          text primary key check (code ~ '^[A-Z]{2}$'),
  code3         text not null unique check (code3 ~ '^[A-Z]{3}$'),
  numeric_code  text not null unique check (numeric_code ~ '^[0-9]{3}$'),
  name          text not null,
  official_name text,
  flag          text not null
);
comment on table countries is 'Countries and territories of ISO 3166-1.';
comment on column countries.code is 'ISO 3166-1 alpha-2, such as CH.';
comment on column countries.code3 is 'ISO 3166-1 alpha-3, such as CHE.';

create table subdivisions (
  code         text primary key,
  country_code text not null references countries,
  parent_code  text references subdivisions,
  name         text not null,
  type         text not null,
  check (starts_with(code, country_code || '-')),
  check (parent_code <> code)
);
create index on subdivisions (country_code);
create index on subdivisions (parent_code);
comment on table subdivisions is 'Provinces, states, districts and the like of ISO 3166-2, some of them inside another.';
comment on column subdivisions.type is 'What the country calls it, such as Canton or District.';

create type language_type as enum ('living', 'extinct', 'ancient', 'historical', 'constructed', 'special');

create table languages (
  code  text primary key check (code ~ '^[a-z]{3}$'),
  code2 text unique check (code2 ~ '^[a-z]{2}$'),
  name  text not null,
  macro boolean not null default false,
  type  language_type not null
);
comment on table languages is 'Languages of ISO 639-3.';
comment on column languages.macro is 'Whether it stands for a group of closely related languages, such as Arabic.';

create table currencies (
  code         text primary key check (code ~ '^[A-Z]{3}$'),
  numeric_code text not null unique,
  name         text not null,
  country_code text references countries
);
create index on currencies (country_code);
comment on table currencies is 'Currencies and funds of ISO 4217.';
comment on column currencies.country_code is
  'The country that the first two letters name; none for currencies that several countries share.';

create view country_overview with (security_invoker = true) as
  select c.code, c.name, c.flag, count(s.code) as subdivisions, count(s.parent_code) as nested_subdivisions
  from countries c left join subdivisions s on s.country_code = c.code
  group by c.code;
comment on view country_overview is 'Each country with the number of its subdivisions.';

-- The loader (service_role) writes; everybody reads.
grant usage on schema public to anon, authenticated, service_role;
grant select on countries, subdivisions, languages, currencies, country_overview to anon, authenticated, service_role;
grant insert, update, delete on countries, subdivisions, languages, currencies to service_role;
