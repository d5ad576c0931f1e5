{{ definition('touch_types') }}
