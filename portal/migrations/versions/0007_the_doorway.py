"""The doorway: places and hours, holds, the waitlist, calendars elsewhere, the way visitors came, public pages.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

from portal.orm import UtcDateTime

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

MESSAGES = (
    'consultation_booked', 'consultation_confirmed', 'consultation_declined', 'invitation', 'new_item', 'reset',
    'security_change', 'therapist_request',
)
NEW_MESSAGES = (
    'consultation_cancelled', 'consultation_code', 'consultation_message', 'consultation_missed', 'consultation_moved',
    'consultation_reminder', 'therapist_notice', 'waitlist_joined', 'waitlist_offer',
)
WIDENED = (
    ('person', 'channel', 'channel', ('email', 'portal_only'), ('text',)),
    ('message_part', 'kind', 'messagekind', MESSAGES, NEW_MESSAGES),
    ('consultation', 'status', 'consultationstatus', ('requested', 'confirmed', 'declined', 'cancelled'), ('unverified',)),
    ('occupied_interval', 'kind', 'occupiedkind', ('consultation', 'meeting'), ('hold', 'offer', 'block')),
    ('outbox', 'job', 'jobname', ('jobs.documents.render', 'jobs.messages.send'), ('jobs.bounces.read', 'jobs.calendars.sync')),
)


def upgrade() -> None:
    op.create_table('blocked_address',
    sa.Column('address_code', sa.LargeBinary(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_blocked_address')),
    sa.UniqueConstraint('address_code', name=op.f('uq_blocked_address_address_code'))
    )
    op.create_table('embed_origin',
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_embed_origin')),
    sa.UniqueConstraint('origin', name=op.f('uq_embed_origin_origin'))
    )
    op.create_table('intake_question',
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('is_required', sa.Boolean(), nullable=False),
    sa.Column('retired_at', UtcDateTime(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_intake_question'))
    )
    op.create_table('page_text',
    sa.Column('kind', sa.Enum('imprint', 'privacy', 'accessibility', name='pagekind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('changed_at', UtcDateTime(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_page_text')),
    sa.UniqueConstraint('kind', name=op.f('uq_page_text_kind'))
    )
    op.create_table('step_count',
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('step', sa.Enum('article_read', 'widget_seen', 'test_taken', name='step', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.CheckConstraint('number > 0', name=op.f('ck_step_count_number_is_positive')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_step_count')),
    sa.UniqueConstraint('month', 'source', 'step', name=op.f('uq_step_count_month_source_step'))
    )
    op.create_table('calendar_feed',
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(), nullable=False),
    sa.Column('last_used_at', UtcDateTime(), nullable=True),
    sa.Column('revoked_at', UtcDateTime(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_calendar_feed_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_feed')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_calendar_feed_token_hash'))
    )
    with op.batch_alter_table('calendar_feed', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_calendar_feed_person_id'), ['person_id'], unique=False)

    op.create_table('outside_calendar',
    sa.Column('therapist_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Enum('ics', 'caldav', name='outsidekind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('address_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('user_name_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('password_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('is_writing', sa.Boolean(), nullable=False),
    sa.Column('state', sa.Enum('new', 'active', 'failing', name='outsidestate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('checked_at', UtcDateTime(), nullable=True),
    sa.Column('succeeded_at', UtcDateTime(), nullable=True),
    sa.Column('failure', sa.Text(), nullable=True),
    sa.Column('seal_revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['therapist_id'], ['person.id'], name=op.f('fk_outside_calendar_therapist_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outside_calendar'))
    )
    with op.batch_alter_table('outside_calendar', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_outside_calendar_therapist_id'), ['therapist_id'], unique=False)

    op.create_table('picture',
    sa.Column('blob_id', sa.Uuid(), nullable=False),
    sa.Column('media_type', sa.Text(), nullable=False),
    sa.Column('width', sa.Integer(), nullable=False),
    sa.Column('height', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['blob_id'], ['blob.id'], name=op.f('fk_picture_blob_id_blob')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_picture'))
    )
    op.create_table('place',
    sa.Column('therapist_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Enum('online', 'room', name='placekind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('zone', sa.Text(), nullable=True),
    sa.Column('directions', sa.Text(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['therapist_id'], ['person.id'], name=op.f('fk_place_therapist_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_place'))
    )
    with op.batch_alter_table('place', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_place_therapist_id'), ['therapist_id'], unique=False)

    op.create_table('busy_interval',
    sa.Column('therapist_id', sa.Uuid(), nullable=False),
    sa.Column('calendar_id', sa.Uuid(), nullable=False),
    sa.Column('starts_at', UtcDateTime(), nullable=False),
    sa.Column('ends_at', UtcDateTime(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.CheckConstraint('starts_at < ends_at', name=op.f('ck_busy_interval_ends_after_start')),
    sa.ForeignKeyConstraint(['calendar_id'], ['outside_calendar.id'], name=op.f('fk_busy_interval_calendar_id_outside_calendar')),
    sa.ForeignKeyConstraint(['therapist_id'], ['person.id'], name=op.f('fk_busy_interval_therapist_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_busy_interval'))
    )
    with op.batch_alter_table('busy_interval', schema=None) as batch_op:
        batch_op.create_index('ix_busy_interval_calendar_id', ['calendar_id'], unique=False)
        batch_op.create_index('ix_busy_interval_therapist_id_starts_at', ['therapist_id', 'starts_at'], unique=False)

    op.create_table('post_picture',
    sa.Column('picture_id', sa.Uuid(), nullable=False),
    sa.Column('alt', sa.Text(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['picture_id'], ['picture.id'], name=op.f('fk_post_picture_picture_id_picture')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_post_picture')),
    sa.UniqueConstraint('picture_id', name=op.f('uq_post_picture_picture_id'))
    )
    op.create_table('special_hours',
    sa.Column('therapist_id', sa.Uuid(), nullable=False),
    sa.Column('on_date', sa.Date(), nullable=False),
    sa.Column('starts', sa.Time(), nullable=True),
    sa.Column('ends', sa.Time(), nullable=True),
    sa.Column('place_id', sa.Uuid(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.CheckConstraint("starts is null or starts < ends or ends = '00:00:00.000000'", name=op.f('ck_special_hours_ends_after_start')),
    sa.CheckConstraint('(starts is null) = (ends is null)', name=op.f('ck_special_hours_both_or_none')),
    sa.ForeignKeyConstraint(['place_id'], ['place.id'], name=op.f('fk_special_hours_place_id_place')),
    sa.ForeignKeyConstraint(['therapist_id'], ['person.id'], name=op.f('fk_special_hours_therapist_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_special_hours'))
    )
    with op.batch_alter_table('special_hours', schema=None) as batch_op:
        batch_op.create_index('ix_special_hours_therapist_id_on_date', ['therapist_id', 'on_date'], unique=False)

    op.create_table('type_place',
    sa.Column('type_id', sa.Uuid(), nullable=False),
    sa.Column('place_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['place_id'], ['place.id'], name=op.f('fk_type_place_place_id_place')),
    sa.ForeignKeyConstraint(['type_id'], ['consultation_type.id'], name=op.f('fk_type_place_type_id_consultation_type')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_type_place')),
    sa.UniqueConstraint('type_id', 'place_id', name=op.f('uq_type_place_type_id_place_id'))
    )
    op.create_table('calendar_question',
    sa.Column('therapist_id', sa.Uuid(), nullable=False),
    sa.Column('calendar_id', sa.Uuid(), nullable=False),
    sa.Column('occupied_id', sa.Uuid(), nullable=False),
    sa.Column('change', sa.Enum('deleted', 'moved', 'overlapped', name='foundchange', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('found_starts_at', UtcDateTime(), nullable=True),
    sa.Column('found_ends_at', UtcDateTime(), nullable=True),
    sa.Column('answered_at', UtcDateTime(), nullable=True),
    sa.Column('answer', sa.Enum('kept', 'followed', name='questionanswer', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['calendar_id'], ['outside_calendar.id'], name=op.f('fk_calendar_question_calendar_id_outside_calendar')),
    sa.ForeignKeyConstraint(['occupied_id'], ['occupied_interval.id'], name=op.f('fk_calendar_question_occupied_id_occupied_interval')),
    sa.ForeignKeyConstraint(['therapist_id'], ['person.id'], name=op.f('fk_calendar_question_therapist_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_question'))
    )
    with op.batch_alter_table('calendar_question', schema=None) as batch_op:
        batch_op.create_index('ix_calendar_question_therapist_id_answered_at', ['therapist_id', 'answered_at'], unique=False)

    op.create_table('slot_hold',
    sa.Column('therapist_id', sa.Uuid(), nullable=False),
    sa.Column('occupied_id', sa.Uuid(), nullable=False),
    sa.Column('starts_at', UtcDateTime(), nullable=False),
    sa.Column('expires_at', UtcDateTime(), nullable=False),
    sa.Column('is_renewed', sa.Boolean(), nullable=False),
    sa.Column('form_code', sa.LargeBinary(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['occupied_id'], ['occupied_interval.id'], name=op.f('fk_slot_hold_occupied_id_occupied_interval')),
    sa.ForeignKeyConstraint(['therapist_id'], ['person.id'], name=op.f('fk_slot_hold_therapist_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_slot_hold')),
    sa.UniqueConstraint('form_code', name=op.f('uq_slot_hold_form_code'))
    )
    op.create_table('written_event',
    sa.Column('calendar_id', sa.Uuid(), nullable=False),
    sa.Column('occupied_id', sa.Uuid(), nullable=False),
    sa.Column('href', sa.Text(), nullable=False),
    sa.Column('etag', sa.Text(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['calendar_id'], ['outside_calendar.id'], name=op.f('fk_written_event_calendar_id_outside_calendar')),
    sa.ForeignKeyConstraint(['occupied_id'], ['occupied_interval.id'], name=op.f('fk_written_event_occupied_id_occupied_interval')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_written_event')),
    sa.UniqueConstraint('calendar_id', 'occupied_id', name=op.f('uq_written_event_calendar_id_occupied_id'))
    )
    op.create_table('campaign_link',
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('post_id', sa.Uuid(), nullable=True),
    sa.Column('retired_at', UtcDateTime(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_campaign_link_post_id_post')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign_link')),
    sa.UniqueConstraint('code', name=op.f('uq_campaign_link_code'))
    )
    with op.batch_alter_table('campaign_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_campaign_link_post_id'), ['post_id'], unique=False)

    op.create_table('post_tag',
    sa.Column('post_id', sa.Uuid(), nullable=False),
    sa.Column('tag', sa.Text(), nullable=False),
    sa.Column('label', sa.Text(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_post_tag_post_id_post')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_post_tag')),
    sa.UniqueConstraint('post_id', 'tag', name=op.f('uq_post_tag_post_id_tag'))
    )
    with op.batch_alter_table('post_tag', schema=None) as batch_op:
        batch_op.create_index('ix_post_tag_tag', ['tag'], unique=False)

    op.create_table('touch',
    sa.Column('first_at', UtcDateTime(), nullable=False),
    sa.Column('first_post_id', sa.Uuid(), nullable=True),
    sa.Column('first_link_id', sa.Uuid(), nullable=True),
    sa.Column('last_at', UtcDateTime(), nullable=False),
    sa.Column('last_post_id', sa.Uuid(), nullable=True),
    sa.Column('last_link_id', sa.Uuid(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['first_link_id'], ['campaign_link.id'], name=op.f('fk_touch_first_link_id_campaign_link')),
    sa.ForeignKeyConstraint(['first_post_id'], ['post.id'], name=op.f('fk_touch_first_post_id_post')),
    sa.ForeignKeyConstraint(['last_link_id'], ['campaign_link.id'], name=op.f('fk_touch_last_link_id_campaign_link')),
    sa.ForeignKeyConstraint(['last_post_id'], ['post.id'], name=op.f('fk_touch_last_post_id_post')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_touch'))
    )
    op.create_table('enquiry',
    sa.Column('therapist_id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('touch_id', sa.Uuid(), nullable=True),
    sa.Column('words_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('request_code', sa.LargeBinary(), nullable=False),
    sa.Column('handled_at', UtcDateTime(), nullable=True),
    sa.Column('seal_revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_enquiry_person_id_person')),
    sa.ForeignKeyConstraint(['therapist_id'], ['person.id'], name=op.f('fk_enquiry_therapist_id_person')),
    sa.ForeignKeyConstraint(['touch_id'], ['touch.id'], name=op.f('fk_enquiry_touch_id_touch')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_enquiry')),
    sa.UniqueConstraint('request_code', name=op.f('uq_enquiry_request_code'))
    )
    with op.batch_alter_table('enquiry', schema=None) as batch_op:
        batch_op.create_index('ix_enquiry_therapist_id_handled_at', ['therapist_id', 'handled_at'], unique=False)

    op.create_table('waitlist_entry',
    sa.Column('therapist_id', sa.Uuid(), nullable=False),
    sa.Column('type_id', sa.Uuid(), nullable=False),
    sa.Column('place_id', sa.Uuid(), nullable=True),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('touch_id', sa.Uuid(), nullable=True),
    sa.Column('zone', sa.Text(), nullable=False),
    sa.Column('state', sa.Enum('waiting', 'booked', 'left', name='waitliststate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('weekdays', sa.Integer(), nullable=False),
    sa.Column('parts', sa.Integer(), nullable=False),
    sa.Column('partner_knows', sa.Enum('yes', 'no', 'unsaid', name='partnerknows', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('request_code', sa.LargeBinary(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_waitlist_entry_person_id_person')),
    sa.ForeignKeyConstraint(['place_id'], ['place.id'], name=op.f('fk_waitlist_entry_place_id_place')),
    sa.ForeignKeyConstraint(['therapist_id'], ['person.id'], name=op.f('fk_waitlist_entry_therapist_id_person')),
    sa.ForeignKeyConstraint(['touch_id'], ['touch.id'], name=op.f('fk_waitlist_entry_touch_id_touch')),
    sa.ForeignKeyConstraint(['type_id'], ['consultation_type.id'], name=op.f('fk_waitlist_entry_type_id_consultation_type')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_waitlist_entry')),
    sa.UniqueConstraint('request_code', name=op.f('uq_waitlist_entry_request_code'))
    )
    with op.batch_alter_table('waitlist_entry', schema=None) as batch_op:
        batch_op.create_index('ix_waitlist_entry_therapist_id_state', ['therapist_id', 'state'], unique=False)

    op.create_table('consultation_message',
    sa.Column('consultation_id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('is_from_therapist', sa.Boolean(), nullable=False),
    sa.Column('words_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('read_at', UtcDateTime(), nullable=True),
    sa.Column('seal_revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['consultation_id'], ['consultation.id'], name=op.f('fk_consultation_message_consultation_id_consultation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_consultation_message_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consultation_message'))
    )
    with op.batch_alter_table('consultation_message', schema=None) as batch_op:
        batch_op.create_index('ix_consultation_message_consultation_id', ['consultation_id'], unique=False)

    op.create_table('intake_answer',
    sa.Column('consultation_id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('question_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('question_words', sa.Text(), nullable=False),
    sa.Column('answer_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('seal_revision', sa.Integer(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['consultation_id'], ['consultation.id'], name=op.f('fk_intake_answer_consultation_id_consultation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_intake_answer_person_id_person')),
    sa.ForeignKeyConstraint(['question_id'], ['intake_question.id'], name=op.f('fk_intake_answer_question_id_intake_question')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_intake_answer')),
    sa.UniqueConstraint('consultation_id', 'question_id', name=op.f('uq_intake_answer_consultation_id_question_id'))
    )
    op.create_table('reminder',
    sa.Column('consultation_id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('minutes_before', sa.Integer(), nullable=False),
    sa.Column('starts_at', UtcDateTime(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['consultation_id'], ['consultation.id'], name=op.f('fk_reminder_consultation_id_consultation')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_reminder_person_id_person')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reminder')),
    sa.UniqueConstraint('consultation_id', 'person_id', 'minutes_before', 'starts_at', name=op.f('uq_reminder_consultation_id_person_id_minutes_before_starts_at'))
    )
    op.create_table('waitlist_offer',
    sa.Column('entry_id', sa.Uuid(), nullable=False),
    sa.Column('occupied_id', sa.Uuid(), nullable=False),
    sa.Column('starts_at', UtcDateTime(), nullable=False),
    sa.Column('ends_at', UtcDateTime(), nullable=False),
    sa.Column('expires_at', UtcDateTime(), nullable=False),
    sa.Column('state', sa.Enum('open', 'taken', 'refused', 'expired', name='offerstate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['entry_id'], ['waitlist_entry.id'], name=op.f('fk_waitlist_offer_entry_id_waitlist_entry')),
    sa.ForeignKeyConstraint(['occupied_id'], ['occupied_interval.id'], name=op.f('fk_waitlist_offer_occupied_id_occupied_interval')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_waitlist_offer'))
    )
    with op.batch_alter_table('waitlist_offer', schema=None) as batch_op:
        batch_op.create_index('ix_waitlist_offer_entry_id', ['entry_id'], unique=False)

    with op.batch_alter_table('consultation', schema=None) as batch_op:
        batch_op.add_column(sa.Column('type_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('place_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('touch_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('settled_at', UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('previous_starts_at', UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('ended_by', sa.Enum('visitor', 'therapist', 'disowned', name='endedby', native_enum=False, create_constraint=True, length=40), nullable=True))
        batch_op.add_column(sa.Column('decline_reason', sa.Enum('full', 'time', 'fit', 'region', 'known', 'other', name='declinereason', native_enum=False, create_constraint=True, length=40), nullable=True))
        batch_op.add_column(sa.Column('answer_words_sealed', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('guest_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('attendance', sa.Enum('unknown', 'came', 'missed', name='attendance', native_enum=False, create_constraint=True, length=40), nullable=False, server_default='unknown'))
        batch_op.add_column(sa.Column('partner_attendance', sa.Enum('unknown', 'came', 'missed', name='partnerattendance', native_enum=False, create_constraint=True, length=40), nullable=False, server_default='unknown'))
        batch_op.add_column(sa.Column('merged_into_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('mail_code_hash', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('mail_code_tries', sa.Integer(), nullable=False, server_default='0'))
        batch_op.create_index('ix_consultation_status_starts_at', ['status', 'starts_at'], unique=False)
        batch_op.add_column(sa.Column('erased_at', UtcDateTime(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_consultation_guest_id_person'), 'person', ['guest_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_consultation_type_id_consultation_type'), 'consultation_type', ['type_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_consultation_touch_id_touch'), 'touch', ['touch_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_consultation_place_id_place'), 'place', ['place_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_consultation_merged_into_id_consultation'), 'consultation', ['merged_into_id'], ['id'])

    with op.batch_alter_table('consultation_type', schema=None) as batch_op:
        batch_op.add_column(sa.Column('description', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('position', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('is_active', sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column('daily_cap', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('weekly_cap', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('move_until_minutes', sa.Integer(), nullable=False, server_default='1440'))
        batch_op.add_column(sa.Column('cancel_until_minutes', sa.Integer(), nullable=False, server_default='1440'))
        batch_op.add_column(sa.Column('reminder_minutes', sa.Integer(), nullable=True, server_default='1440'))
        batch_op.add_column(sa.Column('second_reminder_minutes', sa.Integer(), nullable=True))

    with op.batch_alter_table('message', schema=None) as batch_op:
        batch_op.add_column(sa.Column('by_text', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('bounced_at', UtcDateTime(), nullable=True))

    with op.batch_alter_table('message_part', schema=None) as batch_op:
        batch_op.add_column(sa.Column('about_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('about_version', sa.Integer(), nullable=True))

    with op.batch_alter_table('occupied_interval', schema=None) as batch_op:
        batch_op.add_column(sa.Column('expires_at', UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('place_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('type_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('revision', sa.Integer(), nullable=False, server_default='0'))
        batch_op.create_foreign_key(batch_op.f('fk_occupied_interval_place_id_place'), 'place', ['place_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_occupied_interval_type_id_consultation_type'), 'consultation_type', ['type_id'], ['id'])
        batch_op.drop_index('ix_occupied_interval_therapist_id_starts_at')
        batch_op.create_index('ix_occupied_interval_therapist_id_ends_at', ['therapist_id', 'ends_at', 'starts_at', 'is_released', 'expires_at'], unique=False)

    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.add_column(sa.Column('phone_sealed', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('email_bounced_at', UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('erased_at', UtcDateTime(), nullable=True))

    with op.batch_alter_table('post', schema=None) as batch_op:
        batch_op.add_column(sa.Column('changed_at', UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column('edit_version', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('cover_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('cover_alt', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('import_key', sa.Text(), nullable=True))
        batch_op.create_unique_constraint(batch_op.f('uq_post_import_key'), ['import_key'])
        batch_op.create_foreign_key(batch_op.f('fk_post_cover_id_picture'), 'picture', ['cover_id'], ['id'])

    with op.batch_alter_table('practice', schema=None) as batch_op:
        batch_op.add_column(sa.Column('asks_of_age', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('region_question', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('demands_mail_code', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('lead_retention_days', sa.Integer(), nullable=False, server_default='90'))
        batch_op.add_column(sa.Column('security_contact', sa.Text(), nullable=False, server_default=''))

    with op.batch_alter_table('therapist', schema=None) as batch_op:
        batch_op.add_column(sa.Column('slug', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('languages', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('fees', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('portrait_id', sa.Uuid(), nullable=True))
        batch_op.create_unique_constraint(batch_op.f('uq_therapist_slug'), ['slug'])
        batch_op.create_foreign_key(batch_op.f('fk_therapist_portrait_id_picture'), 'picture', ['portrait_id'], ['id'])

    with op.batch_alter_table('time_off', schema=None) as batch_op:
        batch_op.add_column(sa.Column('cover_line', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('cover_id', sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_time_off_cover_id_person'), 'person', ['cover_id'], ['id'])

    with op.batch_alter_table('weekly_hours', schema=None) as batch_op:
        batch_op.add_column(sa.Column('place_id', sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_weekly_hours_place_id_place'), 'place', ['place_id'], ['id'])

    for table, column, name, before, after in WIDENED:
        let(table, column, name, (*before, *after))
    guard_overlaps()


def downgrade() -> None:
    op.execute("update person set channel = 'portal_only' where channel = 'text'")
    op.execute("delete from outbox where job in ('jobs.bounces.read', 'jobs.calendars.sync')")
    op.execute("delete from message_part where kind in (" + listed(NEW_MESSAGES) + ")")
    op.execute("update consultation set status = 'cancelled' where status = 'unverified'")
    # Whoever holds or was offered a time has lost it; the therapist's own time stays taken.
    op.execute("delete from occupied_interval where kind in ('hold', 'offer') and id not in (select occupied_id from consultation)"
               " and id not in (select occupied_id from slot_hold) and id not in (select occupied_id from waitlist_offer)")
    op.execute("update occupied_interval set is_released = " + ("true" if op.get_bind().dialect.name == "postgresql" else "1")
               + " where kind in ('hold', 'offer')")
    op.execute("update occupied_interval set kind = 'meeting' where kind in ('hold', 'offer', 'block')")
    for table, column, name, before, _after in WIDENED:
        let(table, column, name, before)
    with op.batch_alter_table('weekly_hours', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_weekly_hours_place_id_place'), type_='foreignkey')
        batch_op.drop_column('place_id')

    with op.batch_alter_table('time_off', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_time_off_cover_id_person'), type_='foreignkey')
        batch_op.drop_column('cover_id')
        batch_op.drop_column('cover_line')

    with op.batch_alter_table('therapist', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_therapist_portrait_id_picture'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('uq_therapist_slug'), type_='unique')
        batch_op.drop_column('portrait_id')
        batch_op.drop_column('fees')
        batch_op.drop_column('languages')
        batch_op.drop_column('slug')

    with op.batch_alter_table('practice', schema=None) as batch_op:
        batch_op.drop_column('security_contact')
        batch_op.drop_column('lead_retention_days')
        batch_op.drop_column('demands_mail_code')
        batch_op.drop_column('region_question')
        batch_op.drop_column('asks_of_age')

    with op.batch_alter_table('post', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_post_cover_id_picture'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('uq_post_import_key'), type_='unique')
        batch_op.drop_column('import_key')
        batch_op.drop_column('cover_alt')
        batch_op.drop_column('cover_id')
        batch_op.drop_column('edit_version')
        batch_op.drop_column('changed_at')

    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.drop_column('erased_at')
        batch_op.drop_column('email_bounced_at')
        batch_op.drop_column('phone_sealed')

    with op.batch_alter_table('occupied_interval', schema=None) as batch_op:
        batch_op.drop_index('ix_occupied_interval_therapist_id_ends_at')
        batch_op.create_index('ix_occupied_interval_therapist_id_starts_at', ['therapist_id', 'starts_at'], unique=False)
        batch_op.drop_constraint(batch_op.f('fk_occupied_interval_type_id_consultation_type'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_occupied_interval_place_id_place'), type_='foreignkey')
        batch_op.drop_column('revision')
        batch_op.drop_column('type_id')
        batch_op.drop_column('place_id')
        batch_op.drop_column('expires_at')

    with op.batch_alter_table('message_part', schema=None) as batch_op:
        batch_op.drop_column('about_version')
        batch_op.drop_column('about_id')

    with op.batch_alter_table('message', schema=None) as batch_op:
        batch_op.drop_column('bounced_at')
        batch_op.drop_column('by_text')

    with op.batch_alter_table('consultation_type', schema=None) as batch_op:
        batch_op.drop_column('second_reminder_minutes')
        batch_op.drop_column('reminder_minutes')
        batch_op.drop_column('cancel_until_minutes')
        batch_op.drop_column('move_until_minutes')
        batch_op.drop_column('weekly_cap')
        batch_op.drop_column('daily_cap')
        batch_op.drop_column('is_active')
        batch_op.drop_column('position')
        batch_op.drop_column('description')

    with op.batch_alter_table('consultation', schema=None) as batch_op:
        batch_op.drop_index('ix_consultation_status_starts_at')
        for name in ('attendance', 'partnerattendance', 'endedby', 'declinereason'):
            batch_op.drop_constraint(batch_op.f(f'ck_consultation_{name}'), type_='check')
        batch_op.drop_constraint(batch_op.f('fk_consultation_merged_into_id_consultation'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_consultation_place_id_place'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_consultation_touch_id_touch'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_consultation_type_id_consultation_type'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_consultation_guest_id_person'), type_='foreignkey')
        batch_op.drop_column('erased_at')
        batch_op.drop_column('mail_code_tries')
        batch_op.drop_column('mail_code_hash')
        batch_op.drop_column('merged_into_id')
        batch_op.drop_column('partner_attendance')
        batch_op.drop_column('attendance')
        batch_op.drop_column('guest_id')
        batch_op.drop_column('answer_words_sealed')
        batch_op.drop_column('decline_reason')
        batch_op.drop_column('ended_by')
        batch_op.drop_column('previous_starts_at')
        batch_op.drop_column('settled_at')
        batch_op.drop_column('touch_id')
        batch_op.drop_column('place_id')
        batch_op.drop_column('type_id')

    with op.batch_alter_table('waitlist_offer', schema=None) as batch_op:
        batch_op.drop_index('ix_waitlist_offer_entry_id')

    op.drop_table('waitlist_offer')
    op.drop_table('reminder')
    op.drop_table('intake_answer')
    with op.batch_alter_table('consultation_message', schema=None) as batch_op:
        batch_op.drop_index('ix_consultation_message_consultation_id')

    op.drop_table('consultation_message')
    with op.batch_alter_table('waitlist_entry', schema=None) as batch_op:
        batch_op.drop_index('ix_waitlist_entry_therapist_id_state')

    op.drop_table('waitlist_entry')
    with op.batch_alter_table('enquiry', schema=None) as batch_op:
        batch_op.drop_index('ix_enquiry_therapist_id_handled_at')

    op.drop_table('enquiry')
    op.drop_table('touch')
    with op.batch_alter_table('post_tag', schema=None) as batch_op:
        batch_op.drop_index('ix_post_tag_tag')

    op.drop_table('post_tag')
    with op.batch_alter_table('campaign_link', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_campaign_link_post_id'))

    op.drop_table('campaign_link')
    op.drop_table('written_event')
    op.drop_table('slot_hold')
    with op.batch_alter_table('calendar_question', schema=None) as batch_op:
        batch_op.drop_index('ix_calendar_question_therapist_id_answered_at')

    op.drop_table('calendar_question')
    op.drop_table('type_place')
    with op.batch_alter_table('special_hours', schema=None) as batch_op:
        batch_op.drop_index('ix_special_hours_therapist_id_on_date')

    op.drop_table('special_hours')
    op.drop_table('post_picture')
    with op.batch_alter_table('busy_interval', schema=None) as batch_op:
        batch_op.drop_index('ix_busy_interval_therapist_id_starts_at')
        batch_op.drop_index('ix_busy_interval_calendar_id')

    op.drop_table('busy_interval')
    with op.batch_alter_table('place', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_place_therapist_id'))

    op.drop_table('place')
    op.drop_table('picture')
    with op.batch_alter_table('outside_calendar', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_outside_calendar_therapist_id'))

    op.drop_table('outside_calendar')
    with op.batch_alter_table('calendar_feed', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_calendar_feed_person_id'))

    op.drop_table('calendar_feed')
    op.drop_table('step_count')
    op.drop_table('page_text')
    op.drop_table('intake_question')
    op.drop_table('embed_origin')
    op.drop_table('blocked_address')
    guard_overlaps()


def listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def let(table: str, column: str, name: str, words: tuple[str, ...]) -> None:
    """Say which words a column may hold."""
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(op.f(f'ck_{table}_{name}'), type_='check')
        batch_op.create_check_constraint(op.f(f'ck_{table}_{name}'), f"{column} in ({listed(words)})")


def guard_overlaps() -> None:
    """SQLite has rebuilt the table, which takes its triggers along: those of 0002 once more."""
    if op.get_bind().dialect.name == "postgresql":
        return
    overlaps = (
        "select 1 from occupied_interval as other where other.therapist_id = new.therapist_id and other.id <> new.id "
        "and other.is_released = 0 and other.starts_at < new.ends_at and new.starts_at < other.ends_at"
    )
    for act in ("insert", "update"):
        op.execute(f"drop trigger if exists tr_occupied_interval_no_overlap_{act}")
        op.execute(
            f"create trigger tr_occupied_interval_no_overlap_{act} before {act} on occupied_interval "
            f"when new.is_released = 0 and exists ({overlaps}) "
            "begin select raise(abort, 'ex_occupied_interval_no_overlap'); end"
        )
