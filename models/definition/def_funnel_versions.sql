{{ definition('funnel_versions') }}
